/**
 * When a device should be spared: with the data saver on, or a battery that is low and not charging, the app syncs by
 * itself less often. Pure: what the browser says comes in, how long to wait comes out.
 */
import type { Saving, SyncReason } from './sync-api.ts';

/** As the browser tells it; what it does not tell is `false` and `null`. */
export interface Supply {
  readonly saveData: boolean;
  readonly battery: { readonly level: number; readonly charging: boolean } | null;
}

/** Of a full battery. */
const lowBattery = 0.2;

/** Milliseconds between two syncs by themselves: for what waits to be sent, and for news. */
export const sparing = { sendEvery: 5 * 60_000, lookEvery: 60 * 60_000 } as const;

export function savingOf({ saveData, battery }: Supply): Saving {
  if (saveData) return 'data';
  return battery !== null && !battery.charging && battery.level <= lowBattery ? 'battery' : null;
}

/** What the person did, and expects to see the outcome of. */
const asked: ReadonlySet<SyncReason> = new Set(['person', 'signed-in', 'open']);

interface Moment {
  readonly saving: Saving;
  /** Edits that wait to be sent. */
  readonly waiting: number;
  /** When the last sync began or got through, milliseconds since 1970; null: never. */
  readonly lastAt: number | null;
  readonly now: number;
}

/** Milliseconds until a sync for this reason may begin; 0: at once. */
export function spareFor(reason: SyncReason, { saving, waiting, lastAt, now }: Moment): number {
  if (saving === null || asked.has(reason) || lastAt === null) return 0;
  const pause = waiting > 0 || reason === 'change' ? sparing.sendEvery : sparing.lookEvery;
  return Math.max(0, lastAt + pause - now);
}
