/**
 * Chromium for a device, and a pool of them: to start one costs more than most tests do with it. One that a device is done
 * with becomes another device's when nothing is left of the first in it; else it ends. Every device has an origin of its
 * own, so what is bound to an origin cannot be left anyway.
 *
 * The browser is started plainly and then attached to: a browser that Playwright launches keeps every tab visible and
 * focused, and an app that gives its database up in the background cannot be tested there. Here a tab that is not in
 * front is hidden. A blank tab stays open, so that the browser lives on when the app is closed.
 */
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { chromiumPath, quietChromium } from './browsers.ts';

/** The service workers of a device that is done end within so many milliseconds, or the browser is not used again. */
const endLimit = 3_000;

interface Parts {
  readonly backForwardCache: boolean;
  readonly folder: string;
  readonly process: ChildProcess;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly blank: Page;
  readonly outside: CDPSession;
}

export class DeviceBrowser {
  readonly context: BrowserContext;
  readonly blank: Page;
  /** To the browser past all pages. */
  readonly outside: CDPSession;
  readonly backForwardCache: boolean;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.context = parts.context;
    this.blank = parts.blank;
    this.outside = parts.outside;
    this.backForwardCache = parts.backForwardCache;
    this.#parts = parts;
  }

  static async start(backForwardCache: boolean): Promise<DeviceBrowser> {
    const folder = await mkdtemp(join(tmpdir(), 'lorikeet-device-'));
    const { process, address } = await startChromium(folder, backForwardCache);
    const browser = await chromium.connectOverCDP(address, { noDefaults: true });
    const context = browser.contexts()[0]!;
    const blank = context.pages()[0] ?? (await context.newPage());
    const outside = await context.newCDPSession(blank);
    return new DeviceBrowser({ backForwardCache, folder, process, browser, context, blank, outside });
  }

  /** Whether nothing is left of this origin. */
  async forget(origin: string): Promise<boolean> {
    for (const page of this.context.pages()) if (page !== this.blank) await page.close();
    await this.outside.send('ServiceWorker.unregister', { scopeURL: `${origin}/` });
    await this.outside.send('ServiceWorker.stopAllWorkers');
    await this.outside.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
    await this.context.clearCookies();
    await this.blank.bringToFront();
    const until = Date.now() + endLimit;
    while (this.context.serviceWorkers().length > 0 && Date.now() < until) await pause(10);
    return this.context.serviceWorkers().length === 0;
  }

  async close(): Promise<void> {
    const { process, browser, folder } = this.#parts;
    await browser.close();
    if (process.exitCode === null) {
      const exited = once(process, 'exit');
      process.kill();
      await exited;
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class BrowserPool {
  readonly #free: DeviceBrowser[] = [];

  async take(backForwardCache: boolean): Promise<DeviceBrowser> {
    const at = this.#free.findIndex((browser) => browser.backForwardCache === backForwardCache);
    return at === -1 ? DeviceBrowser.start(backForwardCache) : this.#free.splice(at, 1)[0]!;
  }

  /** The device of this origin is done with it. */
  async giveBack(browser: DeviceBrowser, origin: string): Promise<void> {
    if (await browser.forget(origin)) this.#free.push(browser);
    else await browser.close();
  }

  async close(): Promise<void> {
    for (const browser of this.#free.splice(0)) await browser.close();
  }
}

async function startChromium(
  folder: string,
  backForwardCache: boolean,
): Promise<{ process: ChildProcess; address: string }> {
  const process = spawn(
    chromiumPath(),
    [
      ...quietChromium,
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${folder}`,
      '--no-default-browser-check',
      '--password-store=basic',
      '--use-mock-keychain',
      '--lang=en-GB',
      '--accept-lang=en-GB',
      '--window-size=1280,900',
      ...(backForwardCache ? [] : ['--disable-back-forward-cache']),
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const address = await new Promise<string>((resolve, reject) => {
    let output = '';
    process.stderr.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      const match = /DevTools listening on (ws:\S+)/.exec(output);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    process.once('error', reject);
    process.once('exit', () => {
      reject(new Error(`Chromium did not start:\n${output}`));
    });
  });
  return { process, address };
}
