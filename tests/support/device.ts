/**
 * One device of a person: a browser profile with its own network, and what can be done to it from outside. What a person
 * does inside the app is in app-page.ts. A blank tab stays open, so that the browser lives on when the app is closed.
 */
import { chromium, devices, expect, type BrowserContext, type CDPSession, type Page, type Worker } from '@playwright/test';
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

export class Device {
  readonly name: string;
  readonly network: NetProxy;
  readonly context: BrowserContext;
  /** What pages reported as broken: uncaught errors, and messages of the console that are errors. */
  readonly complaints: string[] = [];
  readonly #folder: string;
  readonly #blank: Page;
  readonly #browser: CDPSession;
  readonly #registrations = new Map<string, Registration>();

  private constructor(parts: { options: DeviceOptions; context: BrowserContext; folder: string; blank: Page; browser: CDPSession }) {
    this.name = parts.options.name;
    this.network = parts.options.network;
    this.context = parts.context;
    this.#folder = parts.folder;
    this.#blank = parts.blank;
    this.#browser = parts.browser;
  }

  static async start(options: DeviceOptions): Promise<Device> {
    const folder = await mkdtemp(join(tmpdir(), `lorikeet-${options.name}-`));
    const { defaultBrowserType: _engine, ...phone } = devices['Pixel 7']!;
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: chromiumPath(),
      args: [...quietChromium],
      baseURL: options.network.origin,
      locale: 'en-GB',
      colorScheme: options.colorScheme ?? 'light',
      ...(options.kind === 'phone' ? phone : { viewport: { width: 1280, height: 800 } }),
      ...(options.backForwardCache ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
    });
    const blank = context.pages()[0] ?? (await context.newPage());
    const browser = await context.newCDPSession(blank);
    const device = new Device({ options, context, folder, blank, browser });
    await device.#watch();
    return device;
  }

  /** A new tab of the app at this path, its document loaded. */
  async openTab(path = '/'): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(path);
    return page;
  }

  /** No connection at all: nothing is reached, and the browser knows. */
  async goOffline(): Promise<void> {
    await this.network.set('refuse');
    await this.context.setOffline(true);
  }

  async goOnline(): Promise<void> {
    await this.network.set('up');
    await this.context.setOffline(false);
  }

  /** Waits until the service worker controls pages and holds the whole shell: from here on a cold start needs no network. */
  async untilInstalled(page: Page): Promise<void> {
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
  }

  /** As the browser does it on its own when it has been idle, or in the middle of anything. */
  async stopServiceWorker(): Promise<void> {
    await this.#browser.send('ServiceWorker.stopAllWorkers');
  }

  /** Fires a Background Sync event, as the browser does when the connection is back. */
  async fireSync(tag: string, lastChance = false): Promise<void> {
    await this.#browser.send('ServiceWorker.dispatchSyncEvent', { ...(await this.#registered()), tag, lastChance });
  }

  async firePeriodicSync(tag: string): Promise<void> {
    await this.#browser.send('ServiceWorker.dispatchPeriodicSyncEvent', { ...(await this.#registered()), tag });
  }

  /** The running service worker, if it is running. */
  get serviceWorker(): Worker | null {
    return this.context.serviceWorkers().at(-1) ?? null;
  }

  /** Put into the background and frozen, as a phone does with the app that is not in front. */
  async freeze(page: Page): Promise<void> {
    const session = await this.context.newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  }

  async thaw(page: Page): Promise<void> {
    const session = await this.context.newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'active' });
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

  /** Gives the app this much space and no more; null lifts the limit. */
  async limitStorage(bytes: number | null): Promise<void> {
    await this.#browser.send('Storage.overrideQuotaForOrigin', {
      origin: this.network.origin,
      ...(bytes === null ? {} : { quotaSize: bytes }),
    });
  }

  async usedStorage(): Promise<number> {
    const { usage } = await this.#browser.send('Storage.getUsageAndQuota', { origin: this.network.origin });
    return usage;
  }

  async closeApp(): Promise<void> {
    for (const page of this.context.pages()) if (page !== this.#blank) await page.close();
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #watch(): Promise<void> {
    this.context.on('weberror', (event) => {
      this.complaints.push(`${this.name}: ${event.error().stack ?? String(event.error())}`);
    });
    this.context.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(text)) this.complaints.push(`${this.name}: ${text}`);
    });
    this.#browser.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const registration of registrations) this.#registrations.set(registration.registrationId, registration);
    });
    await this.#browser.send('ServiceWorker.enable');
  }

  async #registered(): Promise<{ origin: string; registrationId: string }> {
    const own = (): Registration | undefined =>
      [...this.#registrations.values()].find(
        (registration) => !registration.isDeleted && registration.scopeURL.startsWith(this.network.origin),
      );
    await expect.poll(() => own() !== undefined, 'the service worker is registered').toBe(true);
    return { origin: this.network.origin, registrationId: own()!.registrationId };
  }
}
