/**
 * The order in which long pulls are served, those of devices that load much: a page of one takes the process tens of
 * milliseconds, which pushes and short pulls would otherwise wait for once a device. One page is made at a time, whoever
 * came in between is served before the next, accounts take turns however many devices each has, and what was made but not
 * sent yet is bounded: slow readers hold up other long pulls, nothing else (docs/decisions/0086-long-pulls-take-turns.md).
 */
import type { EventEmitter } from 'node:events';
import type { SyncRequest } from '../../protocol/messages.ts';
import { shortPull } from '../change-store.ts';

interface LongPullLimits {
  /** More are told to come back later. A device waits 30 s for an answer, and a page takes tens of milliseconds. */
  readonly waiting: number;
  /** Bytes of pages that were made and not sent yet, compression not counted. One more page may come on top. */
  readonly unsent: number;
  /** How long a page waits for exchanges that are not long, in milliseconds: where they never end, pages still go on. */
  readonly patience: number;
}

const defaultLimits: LongPullLimits = { waiting: 200, unsent: 64_000_000, patience: 50 };

/**
 * Whether the device loads everything, or much: also one that does not know yet how much there is. What is answered to one
 * that asks for a preview is short either way.
 */
export function isLongPull({ changes, limit, cursor, known, preview = false }: SyncRequest): boolean {
  if (changes.length > 0 || limit === 0 || (preview && cursor === 0)) return false;
  return cursor === 0 || known - cursor >= shortPull;
}

interface Response extends Pick<EventEmitter, 'once'> {
  readonly destroyed: boolean;
}

export interface Turn {
  /** The page is on its way: it counts until the response is closed. */
  sends(bytes: number, response: Response): void;
  /** The next may be served. */
  end(): void;
}

/** Of a pull that takes no turn. */
export const noTurn: Turn = { sends: () => undefined, end: () => undefined };

export class LongPulls {
  readonly #limits: LongPullLimits;
  /** Who waits, by account; the account whose turn is next comes first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #count = 0;
  #unsent = 0;
  #isServing = false;
  /** Exchanges under way that are not long. */
  #short = 0;
  #isDue = false;
  #patience: NodeJS.Timeout | null = null;

  constructor(limits: LongPullLimits = defaultLimits) {
    this.#limits = limits;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#count;
  }

  /** An exchange begins that is not long: it goes first. What comes back says that it is over. */
  beginShort(): () => void {
    this.#short += 1;
    return () => {
      this.#short -= 1;
      this.#serve();
    };
  }

  /** Resolves when it is the account's turn; null when too many wait already. */
  turn(user: string): Promise<Turn | null> {
    if (this.#count >= this.#limits.waiting) return Promise.resolve(null);
    return new Promise((resolve) => {
      const own = this.#waiting.get(user) ?? [];
      own.push(() => resolve(this.#begin()));
      this.#waiting.set(user, own);
      this.#count += 1;
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#isServing || this.#unsent >= this.#limits.unsent) return;
    const [next] = this.#waiting;
    if (!next || this.#letsShortGoFirst()) return;
    const [user, own] = next;
    this.#waiting.delete(user);
    const start = own.shift()!;
    // Behind all the others.
    if (own.length > 0) this.#waiting.set(user, own);
    this.#count -= 1;
    this.#isServing = true;
    start();
  }

  /** An exchange takes several turns of the event loop, and a page in each would make it wait as many times. */
  #letsShortGoFirst(): boolean {
    if (this.#short > 0 && !this.#isDue) {
      this.#patience ??= setTimeout(() => {
        this.#isDue = true;
        this.#serve();
      }, this.#limits.patience);
      return true;
    }
    if (this.#patience) clearTimeout(this.#patience);
    this.#patience = null;
    this.#isDue = false;
    return false;
  }

  #begin(): Turn {
    return {
      sends: (bytes, response) => {
        // Its device left while the page was made, and it says so no second time: it must not count for ever.
        if (response.destroyed) return;
        this.#unsent += bytes;
        response.once('close', () => {
          this.#unsent -= bytes;
          this.#serve();
        });
      },
      end: () => {
        // After the requests that this turn of the event loop brings.
        setImmediate(() => {
          this.#isServing = false;
          this.#serve();
        });
      },
    };
  }
}
