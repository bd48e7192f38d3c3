/**
 * Web Push of this browser, between the person, the browser and the server. On is what both know: the browser has a
 * subscription, and the server has this one. Used by pages, and by the service worker when the push service moves it.
 */
import { err, ok, type Result } from '../../base/result.ts';
import type { PushReply, PushRequest, Reminder } from '../../protocol/account-messages.ts';
import type { Failure } from '../../protocol/errors.ts';
import { parsePushReply } from '../../protocol/parse-account-reply.ts';
import type { PushControl, PushState } from '../sync-api.ts';
import { askOver } from './ask-server.ts';

interface PushControlOptions {
  /** Nothing where there is no service worker, or none yet. */
  readonly registration: () => Promise<ServiceWorkerRegistration | undefined> | undefined;
  /** Null where the browser shows no notifications. */
  readonly permission: () => NotificationPermission | null;
  /** Null where nobody can be asked, as in a service worker. */
  readonly askPermission: (() => Promise<NotificationPermission>) | null;
  readonly fetch: typeof fetch;
  readonly timeZone: () => string;
  /** How long the browser's push service may take to answer, in milliseconds. */
  readonly patience?: number;
}

const path = '/api/push';
const patienceDefault = 15_000;
const off: Result<PushState, Failure> = ok({ kind: 'off' });

export function createPushControl(options: PushControlOptions): PushControl {
  const ask = askOver(options.fetch);
  const { patience = patienceDefault } = options;

  /** A browser that cannot say, as one that is shutting down, has none. */
  const managerHere = async (): Promise<PushManager | null> => {
    if (options.permission() === null) return null;
    try {
      const { pushManager = null } = ((await options.registration()) ?? {}) as { readonly pushManager?: PushManager };
      return pushManager;
    } catch {
      return null;
    }
  };

  const subscriptionHere = async (): Promise<PushSubscription | null> => {
    try {
      return (await (await managerHere())?.getSubscription()) ?? null;
    } catch {
      return null;
    }
  };

  const known = async (): Promise<Result<PushReply, Failure>> => {
    const reply = await ask('GET', path);
    return reply.ok ? parsePushReply(reply.value) : reply;
  };

  const tell = async (subscription: PushSubscription, reminder: Reminder): Promise<Result<unknown, Failure>> => {
    const { endpoint = '', keys = {} } = subscription.toJSON();
    const { p256dh = '', auth = '' } = keys;
    return ask('PUT', path, { endpoint, keys: { p256dh, auth }, reminder } satisfies PushRequest);
  };

  /** Why it cannot be on, or null when it can. */
  const obstacle = (manager: PushManager | null, key: string | null): PushState | null => {
    if (manager === null || key === null) return { kind: 'unsupported' };
    return options.permission() === 'denied' ? { kind: 'denied' } : null;
  };

  const control: PushControl = {
    async state() {
      const manager = await managerHere();
      // Without a word to the server, if it is in vain.
      const vain = obstacle(manager, '');
      if (vain) return ok(vain);
      const about = await known();
      if (!about.ok) return about;
      const { key, subscription } = about.value;
      const present = obstacle(manager, key);
      if (present) return ok(present);
      const here = await subscriptionHere();
      if (!here || here.endpoint !== subscription?.endpoint) return off;
      return ok({ kind: 'on', hour: subscription.reminder?.hour ?? null });
    },

    async turnOn(hour) {
      const manager = await managerHere();
      const vain = obstacle(manager, '');
      if (vain || !manager) return ok(vain ?? { kind: 'unsupported' });
      const permission = options.permission() === 'granted' ? 'granted' : await options.askPermission?.();
      if (permission !== 'granted') return ok({ kind: permission === 'denied' ? 'denied' : 'off' });
      const about = await known();
      if (!about.ok) return about;
      if (about.value.key === null) return ok({ kind: 'unsupported' });
      const subscribed = await subscribe(manager, { key: about.value.key, patience });
      if (!subscribed.ok) return subscribed;
      const told = await tell(subscribed.value, { hour, timeZone: options.timeZone() });
      return told.ok ? ok({ kind: 'on', hour }) : told;
    },

    async turnOff() {
      const done = await ask('DELETE', path);
      if (!done.ok) return done;
      // The server wakes nobody any more; the browser need not be waited for.
      void control.forget();
      return off;
    },

    async keep() {
      if (options.permission() !== 'granted') return;
      const manager = await managerHere();
      if (!manager) return;
      const about = await known();
      // Not wanted, or not any more; or there is no connection, and the next time will do.
      if (!about.ok || about.value.key === null || about.value.subscription === null) return;
      const { endpoint, reminder } = about.value.subscription;
      const here = await subscribe(manager, { key: about.value.key, patience });
      if (!here.ok) return;
      const timeZone = options.timeZone();
      const moved = here.value.endpoint !== endpoint || (reminder !== null && reminder.timeZone !== timeZone);
      if (moved) await tell(here.value, { hour: reminder?.hour ?? null, timeZone });
    },

    async forget() {
      // Whom the server does not wake is not woken, whatever the browser keeps.
      await (await subscriptionHere())?.unsubscribe().catch(() => false);
    },
  };
  return control;
}

interface Subscribing {
  readonly key: string;
  readonly patience: number;
}

/** The one that there is, if it is for this server's key. */
async function subscribe(
  manager: PushManager,
  { key, patience }: Subscribing,
): Promise<Result<PushSubscription, Failure>> {
  const attempt = (): Promise<PushSubscription> =>
    within(manager.subscribe({ userVisibleOnly: true, applicationServerKey: key }), patience);
  try {
    return ok(await attempt());
  } catch (error) {
    // Of another key, as after a server began anew: a browser has one only.
    if (!(error instanceof DOMException && error.name === 'InvalidStateError')) return failed(error);
  }
  try {
    await (await manager.getSubscription())?.unsubscribe();
    return ok(await attempt());
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): Result<never, Failure> {
  return err({ code: 'push_failed', detail: String(error) });
}

/** Chromium 156 waits for ever where its push service is out of reach. */
async function within<T>(work: Promise<T>, patience: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), patience);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
