/** Web Push between the person, the browser and the server. The last two are fakes. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createPushControl } from '../../../../src/client/adapters/push-control.ts';
import type { PushReply, PushRequest } from '../../../../src/protocol/account-messages.ts';

/** A browser that subscribes at a push service. */
class FakeBrowser {
  permission: NotificationPermission | null = 'default';
  answer: NotificationPermission = 'granted';
  asked = 0;
  /** Of the push service. */
  works = true;
  /** What the browser itself fails at, as while it is shutting down. */
  fails: 'registration' | 'getSubscription' | 'unsubscribe' | null = null;
  endpoint = 'https://push.example/1';
  subscribedWith: string | null = null;

  readonly pushManager = {
    getSubscription: async () => {
      this.#attempt('getSubscription');
      return this.subscribedWith === null ? null : this.#subscription();
    },
    subscribe: async ({ applicationServerKey: key }: { applicationServerKey: string }) => {
      if (!this.works) throw new DOMException('no push service', 'AbortError');
      if (this.subscribedWith !== null && this.subscribedWith !== key) throw new DOMException('', 'InvalidStateError');
      this.subscribedWith = key;
      return this.#subscription();
    },
  };

  #subscription() {
    return {
      endpoint: this.endpoint,
      toJSON: () => ({ endpoint: this.endpoint, keys: { p256dh: 'p', auth: 'a' } }),
      unsubscribe: async () => {
        this.#attempt('unsubscribe');
        this.subscribedWith = null;
        return true;
      },
    };
  }

  async registration(): Promise<ServiceWorkerRegistration> {
    this.#attempt('registration');
    return this as unknown as ServiceWorkerRegistration;
  }

  #attempt(work: string): void {
    if (this.fails === work) throw new DOMException(work, 'InvalidStateError');
  }
}

let browser: FakeBrowser;
let server: PushReply;
let told: PushRequest[];
let online: boolean;
let zone: string;
let hasWorker: boolean;
let patience: number;
beforeEach(() => {
  browser = new FakeBrowser();
  server = { key: 'k', subscription: null };
  [told, online, zone, hasWorker, patience] = [[], true, 'Europe/Madrid', true, 60_000];
});

const serve: typeof fetch = async (_path, init) => {
  if (!online) throw new TypeError('unreachable');
  if (init?.method === 'GET') return Response.json(server);
  if (init?.method === 'DELETE') server = { ...server, subscription: null };
  else {
    const request = JSON.parse(init?.body as string) as PushRequest;
    told.push(request);
    const { hour = null, timeZone = '' } = request.reminder ?? {};
    server = {
      ...server,
      subscription: { endpoint: request.endpoint, reminder: hour === null ? null : { hour, timeZone } },
    };
  }
  return new Response(null, { status: 204 });
};

function control() {
  return createPushControl({
    registration: () => (hasWorker ? browser.registration() : undefined),
    permission: () => browser.permission,
    askPermission: async () => {
      browser.asked += 1;
      return (browser.permission = browser.answer);
    },
    fetch: serve,
    timeZone: () => zone,
    patience,
  });
}

const value = (state: object) => ({ ok: true, value: state });

describe('being woken', () => {
  it('is off until the person says yes; then the browser is asked, and the server told', async () => {
    const push = control();
    expect(await push.state()).toEqual(value({ kind: 'off' }));
    expect(await push.turnOn(18)).toEqual(value({ kind: 'on', hour: 18 }));
    expect(told).toEqual([
      {
        endpoint: 'https://push.example/1',
        keys: { p256dh: 'p', auth: 'a' },
        reminder: { hour: 18, timeZone: 'Europe/Madrid' },
      },
    ]);
    expect(await push.state()).toEqual(value({ kind: 'on', hour: 18 }));
  });

  it('asks the browser once: another hour needs no further question', async () => {
    const push = control();
    await push.turnOn(null);
    expect(await push.state()).toEqual(value({ kind: 'on', hour: null }));
    await push.turnOn(7);
    expect(await push.state()).toEqual(value({ kind: 'on', hour: 7 }));
    expect(browser.asked).toBe(1);
  });

  it('stays off when the person does not answer the browser, and is denied when they say no', async () => {
    browser.answer = 'default';
    expect(await control().turnOn(null)).toEqual(value({ kind: 'off' }));
    browser.answer = 'denied';
    expect(await control().turnOn(null)).toEqual(value({ kind: 'denied' }));
    expect(await control().state()).toEqual(value({ kind: 'denied' }));
    expect(await control().turnOn(null)).toEqual(value({ kind: 'denied' }));
    expect(told).toEqual([]);
    expect(browser.asked).toBe(2);
  });

  it('goes off in one step, on both sides', async () => {
    const push = control();
    await push.turnOn(18);
    expect(await push.turnOff()).toEqual(value({ kind: 'off' }));
    expect(server.subscription).toBeNull();
    await vi.waitFor(() => expect(browser.subscribedWith).toBeNull());
  });

  it('is off where only one side knows of it: after signing out elsewhere, or in a new browser', async () => {
    const push = control();
    await push.turnOn(18);
    server = { key: 'k', subscription: null };
    expect(await push.state()).toEqual(value({ kind: 'off' }));
    server = { key: 'k', subscription: { endpoint: 'https://push.example/other', reminder: null } };
    expect(await push.state()).toEqual(value({ kind: 'off' }));
  });

  it('is not there without a service worker, without notifications, without push, and without a server for it', async () => {
    hasWorker = false;
    expect(await control().state()).toEqual(value({ kind: 'unsupported' }));
    expect(await control().turnOn(null)).toEqual(value({ kind: 'unsupported' }));
    hasWorker = true;
    browser.permission = null;
    expect(await control().state()).toEqual(value({ kind: 'unsupported' }));
    browser = new FakeBrowser();
    (browser as { pushManager: unknown }).pushManager = undefined;
    expect(await control().state()).toEqual(value({ kind: 'unsupported' }));
    browser = new FakeBrowser();
    server = { key: null, subscription: null };
    expect(await control().state()).toEqual(value({ kind: 'unsupported' }));
    expect(await control().turnOn(null)).toEqual(value({ kind: 'unsupported' }));
  });

  it('fails with what went wrong: no connection, or no push service', async () => {
    online = false;
    expect(await control().state()).toMatchObject({ ok: false, error: { code: 'offline' } });
    expect(await control().turnOn(null)).toMatchObject({ ok: false, error: { code: 'offline' } });
    expect(await control().turnOff()).toMatchObject({ ok: false, error: { code: 'offline' } });
    [online, browser.works] = [true, false];
    expect(await control().turnOn(null)).toMatchObject({ ok: false, error: { code: 'push_failed' } });
  });

  it('is not waited for where the push service never answers', async () => {
    patience = 1;
    browser.pushManager.subscribe = () => new Promise<never>(() => undefined);
    expect(await control().turnOn(null)).toMatchObject({ ok: false, error: { code: 'push_failed' } });
  });

  it('begins anew where the browser has a subscription for other keys', async () => {
    browser.subscribedWith = 'old';
    expect(await control().turnOn(null)).toEqual(value({ kind: 'on', hour: null }));
    expect(browser.subscribedWith).toBe('k');
    browser.subscribedWith = 'old';
    let tries = 0;
    browser.pushManager.subscribe = async () => {
      tries += 1;
      throw new DOMException('', tries === 1 ? 'InvalidStateError' : 'AbortError');
    };
    expect(await control().turnOn(null)).toMatchObject({ ok: false, error: { code: 'push_failed' } });
    expect(tries).toBe(2);
  });
});

describe('what is on', () => {
  it('is told to the server again when the push service has moved the browser, with the hour as it was', async () => {
    const push = control();
    await push.turnOn(18);
    await push.keep();
    expect(told).toHaveLength(1);
    browser.endpoint = 'https://push.example/2';
    await push.keep();
    expect(told[1]).toMatchObject({ endpoint: 'https://push.example/2', reminder: { hour: 18 } });
  });

  it('and when the person is in another time zone, if they want a reminder', async () => {
    const push = control();
    await push.turnOn(18);
    zone = 'Asia/Tokyo';
    await push.keep();
    expect(told[1]).toMatchObject({ reminder: { hour: 18, timeZone: 'Asia/Tokyo' } });
    await push.turnOn(null);
    zone = 'Europe/Madrid';
    await push.keep();
    expect(told).toHaveLength(3);
  });

  it('does not come back by itself: neither after the person turned it off, nor offline, nor where it is denied', async () => {
    const push = control();
    await push.turnOn(18);
    await push.turnOff();
    await push.forget();
    await push.keep();
    await push.turnOn(18);
    browser.endpoint = 'https://push.example/2';
    online = false;
    await push.keep();
    [online, browser.permission] = [true, 'denied'];
    await push.keep();
    [browser.permission, browser.works] = ['granted', false];
    await push.keep();
    expect(told).toHaveLength(2);
  });

  it.each(['registration', 'getSubscription', 'unsubscribe'] as const)(
    'is kept and forgotten without a word where the browser fails at %s, and the next time will do',
    async (work) => {
      const push = control();
      await push.turnOn(18);
      browser.endpoint = 'https://push.example/2';
      browser.fails = work;
      await expect(push.forget()).resolves.toBeUndefined();
      await expect(push.keep()).resolves.toBeUndefined();
      expect((await push.state()).ok).toBe(true);
      browser.fails = null;
      await push.keep();
      expect(server.subscription).toMatchObject({ endpoint: 'https://push.example/2' });
      await push.forget();
      expect(browser.subscribedWith).toBeNull();
    },
  );
});
