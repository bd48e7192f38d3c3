/** What a server may answer to a device that has words, for tests of a `SyncStore`. */
import type { RowPage, SyncReply } from '../../src/protocol/messages.ts';
import type { Batch } from '../../src/sync/ports.ts';

/** When a test begins. */
export const start = 1_800_000_000_000;

export const emptyReply: SyncReply = {
  ...{ results: [], changes: [], cursor: 0, epoch: 'e', head: 0, more: false, clock: 0, serverTime: start },
};

/** As if the request had carried nothing: rows arrive while the changes still wait. */
export function noChanges(batch: Batch): Batch {
  return { ...batch, changes: [] };
}

interface PageRow {
  readonly id: string;
  readonly seq: number;
  readonly note?: string;
  readonly translation?: string;
  readonly deleted?: boolean;
}

export function wordPage(...rows: readonly PageRow[]): RowPage {
  const column = (read: (row: PageRow) => string | number) => rows.map((row) => (row.deleted ? null : read(row)));
  return {
    table: 'vocabulary_item',
    ids: rows.map((row) => row.id),
    seqs: rows.map((row) => row.seq),
    deleted: rows.flatMap((row, index) => (row.deleted ? [index] : [])),
    columns: ['language', 'word', 'translation', 'note', 'created_at', 'due_at'],
    values: [
      column(() => 'es'),
      column((row) => row.id),
      column((row) => row.translation ?? ''),
      column((row) => row.note ?? ''),
      column(() => 1),
      column(() => 1),
    ],
  };
}

/** As a page of a first load is: these rows, from sequence 11, and 2,500 others. */
export function largePage(rows: readonly Omit<PageRow, 'seq'>[], note = ''): RowPage {
  const others = Array.from({ length: 2_500 }, (_, index) => ({ id: `w${index + rows.length}`, note }));
  return wordPage(...[...rows, ...others].map((row, index) => ({ ...row, seq: 11 + index })));
}
