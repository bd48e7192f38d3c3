/**
 * Which accounts have news that some of their browsers may not know of, since when, and who of them is told by Web Push.
 * Told are those without an open page that have not asked by themselves in the meantime; so what many changes make is one
 * message. Only this process' own pushes are in here, and a claim in the store sees that of several servers one sends.
 *
 * Kept in memory: a wake that is lost with the process does no harm, the next change makes another, and a device that is
 * opened asks anyway.
 */
import type { ServerClock } from '../http/clock.ts';
import type { PushStore, Recipient } from '../push-store.ts';

/** `message`: of the tutor, for which a person would look at their phone. `edit`: anything else. */
export type NewsKind = 'message' | 'edit';

/** In milliseconds: how long to wait for a device to hear by itself and for more to come, and between two wakes of one. */
export type WakePauses = Readonly<Record<NewsKind, { readonly delay: number; readonly between: number }>>;

/** An edit is worth a wake, so that the words are there when the signal is not, but it is not worth many (decision 75). */
export const wakePauses: WakePauses = {
  message: { delay: 10_000, between: 60_000 },
  edit: { delay: 120_000, between: 30 * 60_000 },
};

/** Accounts with news at a time; those beyond are not told. */
const accountsAtMost = 10_000;

export interface Wakes {
  /** A push of this session was committed. */
  changed(news: { readonly user: string; readonly session: string; readonly kind: NewsKind }): void;
  /** This session has everything that there was. */
  caughtUp(user: string, session: string): void;
  /** Tells whom it is time to tell. */
  proceed(): Promise<void>;
}

interface WakesOptions {
  readonly store: Pick<PushStore, 'claimWakes'>;
  readonly clock: ServerClock;
  readonly tell: (recipient: Recipient) => void;
  readonly pauses?: WakePauses;
}

interface News {
  kind: NewsKind;
  dueAt: number;
  /** When the last of it came. */
  changedAt: number;
  /** Sessions that know of all of it. */
  aware: Set<string>;
}

export function createWakes({ store, clock, tell, pauses = wakePauses }: WakesOptions): Wakes {
  const pending = new Map<string, News>();

  const wake = async (user: string, news: News): Promise<void> => {
    const now = clock.now();
    const { kind, aware, changedAt } = news;
    const { between } = pauses[kind];
    const asked = { user, aware: [...aware], changedAt, now, wokenBefore: now - between };
    const claimed = await store.claimWakes(asked);
    claimed.recipients.forEach(tell);
    // What has come meanwhile is told in its own time.
    if (claimed.leftAlone === null || pending.has(user)) return;
    pending.set(user, { ...news, dueAt: claimed.leftAlone + between + 1 });
  };

  return {
    changed({ user, session, kind }) {
      const changedAt = clock.now();
      const dueAt = changedAt + pauses[kind].delay;
      const news = pending.get(user);
      if (news) {
        news.aware = new Set([session]);
        news.changedAt = changedAt;
        news.dueAt = Math.min(news.dueAt, dueAt);
        if (kind === 'message') news.kind = kind;
      } else if (pending.size < accountsAtMost) {
        pending.set(user, { kind, dueAt, changedAt, aware: new Set([session]) });
      }
    },
    caughtUp: (user, session) => void pending.get(user)?.aware.add(session),
    async proceed() {
      for (const [user, news] of pending) {
        if (news.dueAt > clock.now()) continue;
        pending.delete(user);
        await wake(user, news);
      }
    },
  };
}
