/** Merges of one word, for tests of `mergeChange`: what is sent is said by each test, the rest is here. */
import type { Change } from '../../src/protocol/messages.ts';
import type { ConflictStrategy } from '../../src/schema/column.ts';
import type { StrategyFor } from '../../src/schema/policies.ts';
import { mergeChange, type Merged, type StoredRow } from '../../src/sync/merge.ts';

export const word = { language: 'es', word: 'perro', translation: 'dog', note: '', created_at: 1, due_at: 1 };

export interface Push {
  readonly row: StoredRow | null;
  readonly change: Partial<Change> & Pick<Change, 'op' | 'stamp'>;
  readonly device?: string;
  readonly cursor?: number;
  readonly seq?: number;
  readonly strategy?: ConflictStrategy | StrategyFor;
}

export function merge({
  row,
  change,
  device = 'b',
  cursor = 100,
  seq = 50,
  strategy = 'latest_timestamp',
}: Push): Merged {
  return mergeChange({
    row,
    change: { table: 'vocabulary_item', id: 'w', baseSeq: 0, ...change },
    device,
    cursor,
    seq,
    now: 7_000,
    strategyFor: typeof strategy === 'function' ? strategy : () => strategy,
  });
}

/** The row as device a made it, at stamp 10 and sequence 1. */
export function madeRow(): StoredRow {
  return merge({ row: null, device: 'a', seq: 1, change: { op: 'insert', stamp: 10, values: word } }).row!;
}

/** Then deleted by device a, at stamp 20 and sequence 2. */
export function deletedRow(): StoredRow {
  return merge({ row: madeRow(), device: 'a', seq: 2, change: { op: 'delete', stamp: 20, baseSeq: 1 } }).row!;
}

export const note = (merged: Merged) => merged.row?.columns['note']?.value;
export const edit = (stamp: number, value: string, baseSeq = 1): Push['change'] => ({
  op: 'update',
  stamp,
  baseSeq,
  values: { note: value },
  base: { note: [baseSeq, ''] },
});
