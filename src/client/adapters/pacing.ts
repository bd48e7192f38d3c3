/** Lets a request for a sync through at once, or, on a device that is to be spared, when its time has come. */
import { spareFor } from '../sparing.ts';
import type { Saving, SyncReason } from '../sync-api.ts';

interface PacingOptions {
  readonly sync: () => void;
  readonly moment: () => { readonly saving: Saving; readonly waiting: number; readonly lastAt: number | null };
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back after so many milliseconds, unless cancelled. */
  readonly later: (milliseconds: number, work: () => void) => () => void;
}

export interface Pacing {
  request(reason: SyncReason): void;
  /** The device begins or ends to save: what was put off is decided anew. */
  reconsider(): void;
}

export function createPacing({ sync, moment, now, later }: PacingOptions): Pacing {
  let putOff: { readonly reason: SyncReason; readonly at: number; readonly cancel: () => void } | null = null;

  const request = (reason: SyncReason): void => {
    const wait = spareFor(reason, { ...moment(), now: now() });
    if (wait > 0 && putOff !== null && putOff.at <= now() + wait) return;
    putOff?.cancel();
    putOff = null;
    if (wait === 0) return sync();
    const cancel = later(wait, () => {
      putOff = null;
      request(reason);
    });
    putOff = { reason, at: now() + wait, cancel };
  };

  return {
    request,
    reconsider() {
      const waiting = putOff;
      putOff?.cancel();
      putOff = null;
      if (waiting) request(waiting.reason);
    },
  };
}
