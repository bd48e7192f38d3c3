/** Which browsers the tests drive, and how they are started quietly. */
import { chromium, firefox, type BrowserContext } from '@playwright/test';
import { findChromium, howToGetChromium } from '../../.scripts/browser.mjs';

export function chromiumPath(): string {
  const path = findChromium();
  if (path === null) throw new Error(howToGetChromium);
  return path;
}

/**
 * No sandbox: tests run as root in containers. The rest keeps the browser from talking to its maker, and from loading the
 * pages of its address bar at every start: these cost as much as all else of a start.
 */
export const quietChromium: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
];

/** `folder` holds its profile. */
export function launchChromium(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { executablePath: chromiumPath(), args: [...quietChromium] });
}

/** A Firefox as it is installed, not one that was built for tests: driven over WebDriver BiDi (Playwright 1.64). */
export function launchFirefox(folder: string, executablePath: string): Promise<BrowserContext> {
  return firefox.launchPersistentContext(folder, {
    channel: 'moz-firefox',
    executablePath,
    firefoxUserPrefs: {
      // A service worker that is busy with a suite is not idle. Milliseconds.
      'dom.serviceWorkers.idle_timeout': 600_000,
      'dom.serviceWorkers.idle_extended_timeout': 600_000,
    },
  });
}
