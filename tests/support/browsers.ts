/** Which browser the tests drive, and how it is started quietly. */
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
