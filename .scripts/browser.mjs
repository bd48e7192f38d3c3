/** Finds a Chromium to test with, or gets one. `findChromium` alone is what the tests use; it never installs. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';
import { run, runTool } from './repository.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const wellKnown = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** @returns {string | null} the path of a Chromium or Chrome: from CHROMIUM, the system, or Playwright's own cache */
export function findChromium() {
  const asked = process.env['CHROMIUM'];
  if (asked) return existsSync(asked) ? asked : null;
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  return [...wellKnown, ...onPath, chromium.executablePath()].find((path) => existsSync(path)) ?? null;
}

/** @returns {string | null} as `findChromium`, installing one where there is none and that is possible */
export function ensureChromium() {
  const found = findChromium();
  if (found || process.env['CHROMIUM']) return found;
  console.log('No Chromium found: fetching one for the browser tests …');
  runTool('playwright', ['install', 'chromium']);
  if (findChromium()) return findChromium();
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    if (run('apt-get', ['update', '-qq'], quiet)) run('apt-get', ['install', '-y', '-qq', 'chromium'], quiet);
  }
  return findChromium();
}

export const howToGetChromium =
  'The browser tests need Chromium or Chrome. Install one, or set CHROMIUM to the path of its executable.';
