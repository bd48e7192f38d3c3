/**
 * The messages that are on their way to push services: a bounded number waits, a bounded number is sent at once, what did
 * not get through is tried again with growing pauses, and a browser that takes no more is forgotten. Nothing here holds up a
 * push or a request.
 */
import type { ServerClock } from '../http/clock.ts';
import type { PushStore, Recipient } from '../push-store.ts';
import type { PushKind, PushSender } from './sender.ts';

const bounds = { waiting: 2_000, atOnce: 20, tries: 5 };
/** Before the second try, in milliseconds; doubled by each further one, up to the longest. */
const pauses = { first: 5_000, longest: 10 * 60_000 };

/** How a message ended: with the push service, or not. `dropped`: too many were waiting. */
export type DeliveryEnd = 'sent' | 'gone' | 'refused' | 'failed' | 'dropped';

export interface Deliveries {
  add(recipient: Recipient, kind: PushKind): void;
  /** Begins what is due; to be called now and then. */
  proceed(): void;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

interface DeliveriesOptions {
  readonly store: Pick<PushStore, 'unsubscribePush'>;
  readonly sender: Pick<PushSender, 'send'>;
  readonly clock: ServerClock;
  /** From 0 to 1: pauses differ, so that not all come back at once. */
  readonly chance: () => number;
  readonly onEnd: (end: DeliveryEnd) => void;
  readonly onError: (error: unknown) => void;
}

interface Message {
  readonly recipient: Recipient;
  readonly kind: PushKind;
  readonly tries: number;
  readonly dueAt: number;
}

export function createDeliveries(options: DeliveriesOptions): Deliveries {
  const { store, sender, clock, chance, onEnd, onError } = options;
  const waiting = new Map<string, Message>();
  const underWay = new Set<Promise<void>>();

  /** One of a kind for a browser: a later one says the same. */
  const put = (message: Message): void => {
    const { recipient, kind } = message;
    const place = `${kind} ${recipient.session}`;
    if (waiting.size >= bounds.waiting && !waiting.has(place)) onEnd('dropped');
    else waiting.set(place, message);
  };

  const deliver = async ({ recipient, kind, tries }: Message): Promise<void> => {
    const delivery = await sender.send(recipient.target, kind);
    if (delivery.outcome !== 'later') {
      if (delivery.outcome === 'gone') await store.unsubscribePush(recipient.session, recipient.target.endpoint);
      return onEnd(delivery.outcome);
    }
    if (tries + 1 >= bounds.tries) return onEnd('failed');
    const pause = Math.min(pauses.longest, pauses.first * 2 ** tries);
    const wait = Math.max(delivery.after, pause * (0.5 + chance() / 2));
    put({ recipient, kind, tries: tries + 1, dueAt: clock.now() + wait });
  };

  const proceed = (): void => {
    for (const [place, message] of waiting) {
      if (underWay.size >= bounds.atOnce) return;
      if (message.dueAt > clock.now()) continue;
      waiting.delete(place);
      const work: Promise<void> = deliver(message)
        .catch(onError)
        .finally(() => {
          underWay.delete(work);
          proceed();
        });
      underWay.add(work);
    }
  };

  return {
    add(recipient, kind) {
      put({ recipient, kind, tries: 0, dueAt: clock.now() });
      proceed();
    },
    proceed,
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
