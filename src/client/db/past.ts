/** The past of this device (sync/writers.ts) as it lies in the file. */
import type { Value } from '../../base/value.ts';
import { noWriters, type Writers } from '../../sync/writers.ts';

/** What the database gives to read with; database.ts itself is one of those who call this. */
interface Reading {
  arrays(sql: string): Value[][];
}

/** To be run with what `JSON.stringify` makes of it. */
export const writePast = 'UPDATE sync_state SET writers = ?';

export function readPast(sql: Reading): Writers {
  const [[json] = []] = sql.arrays('SELECT writers FROM sync_state');
  return typeof json === 'string' ? (JSON.parse(json) as Writers) : noWriters;
}

/** The latest edit that waits, 0 for none. */
export function latestWaiting(sql: Reading): number {
  return Number(sql.arrays('SELECT coalesce(max(stamp), 0) FROM outbox')[0]?.[0]);
}
