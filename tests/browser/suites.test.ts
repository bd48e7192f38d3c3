/**
 * The suites of the ports that only a browser has under them, run inside it: in real Chromium, and in a real Firefox when
 * FIREFOX names its executable (several minutes: its file handles are slow). Every behaviour is a test of its own here.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from '@playwright/test';
import { describe, expect, it } from 'vitest';
import { launchChromium, launchFirefox } from '../support/browsers.ts';
import { serveSuites } from './build.ts';
import type { Outcome } from './outcome.ts';

const firefox = process.env['FIREFOX'];
const suites = await serveSuites();
const inChromium = await outcomesIn((folder) => launchChromium(folder));
const inFirefox = firefox ? await outcomesIn((folder) => launchFirefox(folder, firefox)) : [];
await suites.close();

tell('Chromium', inChromium);
if (firefox) tell('Firefox', inFirefox);

async function outcomesIn(launch: (folder: string) => Promise<BrowserContext>): Promise<Outcome[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lorikeet-suites-'));
  const context = await launch(folder);
  try {
    const page = await context.newPage();
    await page.goto(suites.origin);
    const [pool, image] = await page.evaluate(() =>
      Promise.all([window.runInWorker?.() ?? [], window.runInServiceWorker?.() ?? []]),
    );
    return [...pool, ...image];
  } finally {
    await context.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function tell(browser: string, outcomes: readonly Outcome[]): void {
  describe(`in ${browser}`, () => {
    it.each(outcomes.map(({ path, failure }) => ({ name: path.join(' > '), failure })))('$name', ({ failure }) => {
      expect(failure ?? 'passed').toBe('passed');
    });
  });
}
