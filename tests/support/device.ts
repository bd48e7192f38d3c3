/**
 * One device of a person: a browser with a profile and a network of its own, and what can be done to it from outside. What
 * a person does inside the app is in app-page.ts, how browsers begin and end in device-browser.ts.
 */
import {
  devices,
  expect,
  type BrowserContext,
  type ConsoleMessage,
  type Page,
  type WebError,
  type Worker,
} from '@playwright/test';
import type { BrowserPool, DeviceBrowser } from './device-browser.ts';
import type { NetProxy } from './netproxy.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly kind: 'desktop' | 'phone';
  readonly backForwardCache: boolean;
  readonly network: NetProxy;
  readonly browsers: BrowserPool;
  /** What a test does to its browser would stay: it ends with the device. */
  readonly lastOfBrowser?: boolean;
}

interface Registration {
  readonly registrationId: string;
  readonly scopeURL: string;
  readonly isDeleted: boolean;
}

interface RegistrationsUpdate {
  readonly registrations: readonly Registration[];
}

export class Device {
  readonly name: string;
  readonly network: NetProxy;
  readonly context: BrowserContext;
  /** What pages reported as broken: uncaught errors, and what the content security policy refused. */
  readonly complaints: string[] = [];
  readonly #options: DeviceOptions;
  readonly #browser: DeviceBrowser;
  readonly #registrations = new Map<string, Registration>();
  /** A browser that was told that it is offline, or whose page crashed, is not used again. */
  #spoiled: boolean;

  private constructor(options: DeviceOptions, browser: DeviceBrowser) {
    this.name = options.name;
    this.network = options.network;
    this.context = browser.context;
    this.#options = options;
    this.#browser = browser;
    this.#spoiled = options.lastOfBrowser ?? false;
  }

  static async start(options: DeviceOptions): Promise<Device> {
    const device = new Device(options, await options.browsers.take(options.backForwardCache));
    await device.#watch();
    return device;
  }

  /** A new tab of the app at this path, its document loaded. */
  async openTab(path = '/'): Promise<Page> {
    const page = await this.context.newPage();
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    if (this.#options.kind === 'phone') await this.#likePhone(page);
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
    this.#spoiled = true;
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
    await this.#browser.outside.send('ServiceWorker.stopAllWorkers');
  }

  /** Fires a Background Sync event, as the browser does when the connection is back. */
  async fireSync(tag: string, lastChance = false): Promise<void> {
    await this.#browser.outside.send('ServiceWorker.dispatchSyncEvent', {
      ...(await this.#registered()),
      tag,
      lastChance,
    });
  }

  async firePeriodicSync(tag: string): Promise<void> {
    await this.#browser.outside.send('ServiceWorker.dispatchPeriodicSyncEvent', { ...(await this.#registered()), tag });
  }

  /** The person lets the app show notifications; stays with the browser, which ends with the device. */
  async allowNotifications(): Promise<void> {
    this.#spoiled = true;
    await this.context.grantPermissions(['notifications'], { origin: this.network.origin });
  }

  /** The push service hands the browser a message for the app. */
  async deliverPush(data: string): Promise<void> {
    await this.#browser.outside.send('ServiceWorker.deliverPushMessage', { ...(await this.#registered()), data });
  }

  /** What the app has told the person and is still shown, as its service worker sees it. */
  async notifications(): Promise<readonly { readonly title: string; readonly silent: boolean | null }[]> {
    const shown = await this.serviceWorker?.evaluate(async () => {
      const scope = self as unknown as { readonly registration: ServiceWorkerRegistration };
      const all = await scope.registration.getNotifications();
      return all.map(({ title, silent }) => ({ title, silent }));
    });
    return shown ?? [];
  }

  /** The running service worker, if it is running. */
  get serviceWorker(): Worker | null {
    return this.context.serviceWorkers().at(-1) ?? null;
  }

  /** Another tab comes to the front: all tabs of the app are hidden. */
  async putInBackground(): Promise<void> {
    await this.#browser.blank.bringToFront();
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
    this.#spoiled = true;
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
    await this.#browser.outside.send('Storage.overrideQuotaForOrigin', {
      origin: this.network.origin,
      ...(bytes === null ? {} : { quotaSize: bytes }),
    });
  }

  async usedStorage(): Promise<number> {
    const { usage } = await this.#browser.outside.send('Storage.getUsageAndQuota', { origin: this.network.origin });
    return usage;
  }

  async closeApp(): Promise<void> {
    for (const page of this.context.pages()) if (page !== this.#browser.blank) await page.close();
  }

  /** `failed`: its browser may be in any state. */
  async close(failed: boolean): Promise<void> {
    const { browsers } = this.#options;
    this.context.off('weberror', this.#onWebError);
    this.context.off('console', this.#onConsole);
    this.#browser.outside.off('ServiceWorker.workerRegistrationUpdated', this.#onRegistrations);
    if (failed || this.#spoiled) await this.#browser.close();
    else await browsers.giveBack(this.#browser, this.network.origin);
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
    const { outside } = this.#browser;
    this.context.on('weberror', this.#onWebError);
    this.context.on('console', this.#onConsole);
    outside.on('ServiceWorker.workerRegistrationUpdated', this.#onRegistrations);
    await outside.send('ServiceWorker.enable');
  }

  readonly #onWebError = (event: WebError): void => {
    this.complaints.push(`${this.name}: ${event.error().stack ?? String(event.error())}`);
  };

  readonly #onConsole = (message: ConsoleMessage): void => {
    const text = message.text();
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(text))
      this.complaints.push(`${this.name}: ${text}`);
  };

  readonly #onRegistrations = ({ registrations }: RegistrationsUpdate): void => {
    for (const registration of registrations) this.#registrations.set(registration.registrationId, registration);
  };

  async #registered(): Promise<{ origin: string; registrationId: string }> {
    const own = (): Registration | undefined =>
      [...this.#registrations.values()].find(
        (registration) => !registration.isDeleted && registration.scopeURL.startsWith(this.network.origin),
      );
    await expect.poll(() => own() !== undefined, 'the service worker is registered').toBe(true);
    return { origin: this.network.origin, registrationId: own()?.registrationId ?? '' };
  }
}
