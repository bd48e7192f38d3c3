/** The past of this device (sync/writers.ts) as it lies in the file. */
import type { Value } from '../../base/value.ts';
import type { WriterState } from '../../protocol/messages.ts';
import { noWriters, type Writers } from '../../sync/writers.ts';
import { isWhole, parseStored } from './stored-json.ts';

/** What the database gives to read with; database.ts itself is one of those who call this. */
interface Reading {
  arrays(sql: string): Value[][];
}

/** To be run with what `JSON.stringify` makes of it. */
export const writePast = 'UPDATE sync_state SET writers = ?';

/** One that cannot be read counts as none: the server then asks for a new id, and nothing is lost. */
export function readPast(sql: Reading): Writers {
  const [[json = null] = []] = sql.arrays('SELECT writers FROM sync_state');
  const past = parseStored(json);
  return isPast(past) ? past : noWriters;
}

function isPast(past: unknown): past is Writers {
  if (typeof past !== 'object' || past === null || !('merged' in past && 'since' in past)) return false;
  const { merged, since } = past;
  return (merged === null || isState(merged)) && Array.isArray(since) && since.every(isState);
}

function isState(state: unknown): state is WriterState {
  return Array.isArray(state) && state.length === 2 && typeof state[0] === 'string' && isWhole(state[1]);
}

/** The latest edit that waits, 0 for none. */
export function latestWaiting(sql: Reading): number {
  return Number(sql.arrays('SELECT coalesce(max(stamp), 0) FROM outbox')[0]?.[0]);
}
