/** What the app does more rarely while the device is to be spared, in plain words. */
import { sparing } from '../../client/sparing.ts';
import type { Saving } from '../../client/sync-api.ts';
import { counted } from './time-words.ts';

const why: Readonly<Record<NonNullable<Saving>, string>> = {
  data: 'Your browser saves data',
  battery: 'The battery is low',
};

/** Null while nothing is spared. */
export function savingWords(saving: Saving): string | null {
  if (saving === null) return null;
  const send = counted(sparing.sendEvery / 60_000, 'minute', 'minutes');
  const look = counted(sparing.lookEvery / 3_600_000, 'hour', 'hours');
  return `${why[saving]}: changes go out after up to ${send}, news comes in after up to ${look}. “Sync now” works at once.`;
}
