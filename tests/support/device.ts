/**
 * One device of a person: a browser with a profile and a network of its own, and what can be done to it from outside. What
 * a person does inside the app is in app-page.ts.
 *
 * The browser is started plainly and then attached to: a browser that Playwright launches keeps every tab visible and
 * focused, and an app that gives its database up in the background cannot be tested there. Here a tab that is not in
 * front is hidden. A blank tab stays open, so that the browser lives on when the app is closed.
 */
import {
  chromium,
  devices,
  expect,
  type Browser,
  type BrowserContext,
  type CDPSession,
  type Page,
  type Worker,
} from '@playwright/test';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath, quietChromium } from './browsers.ts';
import type { NetProxy } from './netproxy.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly kind: 'desktop' | 'phone';
  readonly backForwardCache: boolean;
  readonly colorScheme?: 'light' | 'dark';
  readonly network: NetProxy;
}

interface Registration {
  readonly registrationId: string;
  readonly scopeURL: string;
  readonly isDeleted: boolean;
}

interface Parts {
  readonly options: DeviceOptions;
  readonly folder: string;
  readonly process: ChildProcess;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly blank: Page;
  readonly outside: CDPSession;
}

export class Device {
  readonly name: string;
  readonly network: NetProxy;
  readonly context: BrowserContext;
  /** What pages reported as broken: uncaught errors, and what the content security policy refused. */
  readonly complaints: string[] = [];
  readonly #parts: Parts;
  readonly #registrations = new Map<string, Registration>();

  private constructor(parts: Parts) {
    this.name = parts.options.name;
    this.network = parts.options.network;
    this.context = parts.context;
    this.#parts = parts;
  }

  static async start(options: DeviceOptions): Promise<Device> {
    const folder = await mkdtemp(join(tmpdir(), `lorikeet-${options.name}-`));
    const { process, address } = await startChromium(folder, options);
    const browser = await chromium.connectOverCDP(address, { noDefaults: true });
    const context = browser.contexts()[0]!;
    const blank = context.pages()[0] ?? (await context.newPage());
    const outside = await context.newCDPSession(blank);
    const device = new Device({ options, folder, process, browser, context, blank, outside });
    await device.#watch();
    return device;
  }

  /** A new tab of the app at this path, its document loaded. */
  async openTab(path = '/'): Promise<Page> {
    const page = await this.context.newPage();
    const { kind, colorScheme = 'light' } = this.#parts.options;
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    if (kind === 'phone') await this.#likePhone(page);
    await page.goto(this.url(path));
    return page;
  }

  url(path: string): string {
    return new URL(path, this.network.origin).href;
  }

  /**
   * No connection at all: nothing is reached, and the browser knows. Playwright 1.64 waits for ever when it is to tell a
   * service worker that was stopped or crashed: go offline and online only while it lives, and use `network` otherwise.
   */
  async goOffline(): Promise<void> {
    await this.network.set('refuse');
    await this.context.setOffline(true);
  }

  async goOnline(): Promise<void> {
    await this.network.set('up');
    await this.context.setOffline(false);
  }

  /**
   * Waits until the service worker is active and with it the whole shell stored: from here on a cold start needs no
   * network. Whether it controls the page is another matter: one that was loading at that moment stays uncontrolled.
   */
  async untilInstalled(page: Page): Promise<void> {
    const state = (): Promise<string | undefined> =>
      page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state);
    await expect.poll(state).toBe('activated');
  }

  /** As the browser does it on its own when it has been idle, or in the middle of anything. */
  async stopServiceWorker(): Promise<void> {
    await this.#parts.outside.send('ServiceWorker.stopAllWorkers');
  }

  /** Fires a Background Sync event, as the browser does when the connection is back. */
  async fireSync(tag: string, lastChance = false): Promise<void> {
    await this.#parts.outside.send('ServiceWorker.dispatchSyncEvent', {
      ...(await this.#registered()),
      tag,
      lastChance,
    });
  }

  async firePeriodicSync(tag: string): Promise<void> {
    await this.#parts.outside.send('ServiceWorker.dispatchPeriodicSyncEvent', { ...(await this.#registered()), tag });
  }

  /** The running service worker, if it is running. */
  get serviceWorker(): Worker | null {
    return this.context.serviceWorkers().at(-1) ?? null;
  }

  /** Another tab comes to the front: all tabs of the app are hidden. */
  async putInBackground(): Promise<void> {
    await this.#parts.blank.bringToFront();
  }

  /** Hidden and at once frozen: its timers and messages stop. Phones do this to the app that is not in front. */
  async freeze(page: Page): Promise<void> {
    await this.putInBackground();
    const session = await this.context.newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  }

  /** The person comes back to it. */
  async thaw(page: Page): Promise<void> {
    const session = await this.context.newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await page.bringToFront();
  }

  /** A reload past the service worker, as with Shift held: the page is then not controlled by it. */
  async reloadPastServiceWorker(page: Page): Promise<void> {
    const session = await this.context.newCDPSession(page);
    const loaded = page.waitForEvent('load');
    await session.send('Page.reload', { ignoreCache: true });
    await loaded;
    expect(await page.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
  }

  /** The process of the page dies at once, with everything in it. */
  async crash(page: Page): Promise<void> {
    const session = await this.context.newCDPSession(page);
    const crashed = page.waitForEvent('crash');
    // No answer comes from a process that is gone.
    void session.send('Page.crash').catch(() => undefined);
    await crashed;
    await page.close();
  }

  /** The person asks the browser to save data. A page hears of it at its next load. */
  async saveData(page: Page): Promise<void> {
    const session = await this.context.newCDPSession(page);
    await session.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true });
  }

  /** Gives the app this much space and no more; null lifts the limit. */
  async limitStorage(bytes: number | null): Promise<void> {
    await this.#parts.outside.send('Storage.overrideQuotaForOrigin', {
      origin: this.network.origin,
      ...(bytes === null ? {} : { quotaSize: bytes }),
    });
  }

  async usedStorage(): Promise<number> {
    const { usage } = await this.#parts.outside.send('Storage.getUsageAndQuota', { origin: this.network.origin });
    return usage;
  }

  async closeApp(): Promise<void> {
    for (const page of this.context.pages()) if (page !== this.#parts.blank) await page.close();
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

  /** Its screen, touch and name; the engine is Chromium as it is. */
  async #likePhone(page: Page): Promise<void> {
    const { viewport, deviceScaleFactor, userAgent } = devices['Pixel 7'];
    const session = await this.context.newCDPSession(page);
    await session.send('Emulation.setDeviceMetricsOverride', { ...viewport, deviceScaleFactor, mobile: true });
    await session.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    await session.send('Emulation.setUserAgentOverride', { userAgent });
  }

  async #watch(): Promise<void> {
    this.context.on('weberror', (event) => {
      this.complaints.push(`${this.name}: ${event.error().stack ?? String(event.error())}`);
    });
    this.context.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(text))
        this.complaints.push(`${this.name}: ${text}`);
    });
    this.#parts.outside.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const registration of registrations) this.#registrations.set(registration.registrationId, registration);
    });
    await this.#parts.outside.send('ServiceWorker.enable');
  }

  async #registered(): Promise<{ origin: string; registrationId: string }> {
    const own = (): Registration | undefined =>
      [...this.#registrations.values()].find(
        (registration) => !registration.isDeleted && registration.scopeURL.startsWith(this.network.origin),
      );
    await expect.poll(() => own() !== undefined, 'the service worker is registered').toBe(true);
    return { origin: this.network.origin, registrationId: own()?.registrationId ?? '' };
  }
}

async function startChromium(
  folder: string,
  options: DeviceOptions,
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
      ...(options.backForwardCache ? [] : ['--disable-back-forward-cache']),
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
