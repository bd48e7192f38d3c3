/** Web Push as a whole: its keys, who is told what and when, and the sending; one a process. */
import { setTimeout as after } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import webPush from 'web-push';
import type { ServerClock } from '../http/clock.ts';
import { loggable } from '../http/failures.ts';
import type { PushPort } from '../http/push-port.ts';
import type { Metrics } from '../metrics.ts';
import type { PushStore } from '../push-store.ts';
import { createDeliveries } from './deliveries.ts';
import { isEndpoint, type EndpointRule } from './endpoint.ts';
import { isTimeZone, nextReminder, sendReminders } from './reminders.ts';
import { createPushSender } from './sender.ts';
import { createWakes, type WakePauses } from './wakes.ts';

const looksDefault = { wakes: 1_000, reminders: 30_000 };
/** When the server stops, what is under way may take this long to end, in milliseconds. */
const patience = 2_000;

export interface PushServiceOptions {
  readonly store: PushStore;
  readonly clock: ServerClock;
  readonly contact: string;
  readonly rule: EndpointRule;
  readonly metrics: Metrics;
  readonly pauses?: WakePauses;
  /** Between two looks at what is due, in milliseconds. */
  readonly looks?: typeof looksDefault;
}

export interface PushService extends PushPort {
  /** From now on browsers are told. */
  start(log: Pick<FastifyBaseLogger, 'error'>): void;
  /** Nobody is told any more; what is under way ends, or is given up soon. */
  close(): Promise<void>;
}

/** Rejects with `StoreUnavailable` when the keys cannot be read. */
export async function openPushService(options: PushServiceOptions): Promise<PushService> {
  const { store, clock, contact, rule, metrics, looks = looksDefault } = options;
  const keys = await store.vapidKeys(webPush.generateVAPIDKeys());
  const sender = createPushSender({ keys, contact, rule });
  const stopping = new AbortController();
  let onError: (error: unknown) => void = () => undefined;
  const deliveries = createDeliveries({
    ...{ store, sender, clock, chance: Math.random, onEnd: (end) => metrics.push(end) },
    onError: (error) => onError(error),
  });
  const wakes = createWakes({
    ...{ store, clock, tell: (recipient) => deliveries.add(recipient, 'news') },
    ...(options.pauses ? { pauses: options.pauses } : {}),
  });

  const every = async (pause: number, work: () => Promise<void>): Promise<void> => {
    while (!stopping.signal.aborted) {
      await work().catch(onError);
      await after(pause, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  };
  let running: Promise<unknown> = Promise.resolve();

  return {
    publicKey: keys.publicKey,
    takesEndpoint: (endpoint) => isEndpoint(endpoint, rule),
    reminderAt: (time) => (isTimeZone(time.timeZone) ? nextReminder(time, clock.now()) : null),
    changed: (news) => wakes.changed(news),
    caughtUp: (user, session) => wakes.caughtUp(user, session),
    start(log) {
      onError = (error) => log.error({ err: loggable(error as Error) }, 'push failed');
      running = Promise.all([
        every(looks.wakes, async () => {
          deliveries.proceed();
          await wakes.proceed();
        }),
        every(looks.reminders, () =>
          sendReminders({ store, clock, tell: (recipient) => deliveries.add(recipient, 'due') }),
        ),
      ]);
    },
    async close() {
      stopping.abort();
      await running;
      const impatience = setTimeout(() => sender.close(), patience);
      await deliveries.settled();
      clearTimeout(impatience);
      sender.close();
    },
  };
}
