/**
 * Slows down a guesser: so many tries are free, then each one makes the next wait twice as long. A refused try is not
 * counted, so what it is told to wait is true however often it knocks.
 *
 * Keys share a fixed number of slots, chosen by a secret hash: memory is bounded, nobody can push another's count out, and
 * nobody can choose whose slot to share.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ServerClock } from './clock.ts';

export interface ThrottleOptions {
  readonly clock: ServerClock;
  readonly freeTries: number;
  /** Milliseconds; doubled by each further try, up to the longest. */
  readonly firstDelay: number;
  readonly longestDelay: number;
  /** One try is forgotten each time this passes, in milliseconds. */
  readonly forgetOne: number;
  readonly slots?: number;
}

export interface Throttle {
  /** Counts a try and gives 0; or counts nothing and gives the milliseconds to wait. */
  take(key: string): number;
  /** The try was right: it does not count. */
  giveBack(key: string): void;
  /** The try was right and the key belongs to one person: nothing before it counts. */
  forgive(key: string): void;
}

export function createThrottle(options: ThrottleOptions): Throttle {
  const { clock, freeTries, firstDelay, longestDelay, forgetOne, slots = 65_536 } = options;
  const secret = randomBytes(16);
  const tries = new Float64Array(slots);
  /** Up to when tries have been forgotten. */
  const countedAt = new Float64Array(slots);
  const blockedUntil = new Float64Array(slots);

  const slotOf = (key: string): number =>
    createHash('sha256').update(secret).update(key).digest().readUInt32LE(0) % slots;

  const forget = (slot: number, now: number): void => {
    const forgotten = Math.max(0, Math.floor((now - countedAt[slot]!) / forgetOne));
    const left = tries[slot]! - forgotten;
    tries[slot] = Math.max(0, left);
    countedAt[slot] = left > 0 ? countedAt[slot]! + forgotten * forgetOne : now;
  };

  return {
    take(key) {
      const slot = slotOf(key);
      const now = clock.now();
      // A clock that was set back must not lock anyone out for longer.
      const wait = Math.min(blockedUntil[slot]! - now, longestDelay);
      if (wait > 0) {
        blockedUntil[slot] = now + wait;
        return wait;
      }
      forget(slot, now);
      tries[slot]! += 1;
      const over = tries[slot]! - freeTries;
      if (over >= 0) blockedUntil[slot] = now + Math.min(longestDelay, firstDelay * 2 ** over);
      return 0;
    },
    giveBack(key) {
      const slot = slotOf(key);
      tries[slot] = Math.max(0, tries[slot]! - 1);
      if (tries[slot] < freeTries) blockedUntil[slot] = 0;
    },
    forgive(key) {
      const slot = slotOf(key);
      tries[slot] = 0;
      blockedUntil[slot] = 0;
    },
  };
}
