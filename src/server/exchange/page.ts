/** The pull of an exchange: the rows after the cursor, as many as one page takes, column-wise, one page a table (I6). */
import type { Value } from '../../base/value.ts';
import { limits } from '../../protocol/limits.ts';
import type { RowPage, Sequence } from '../../protocol/messages.ts';
import { columnsOf, syncOrder, tableOf, type TableName } from '../../schema/tables.ts';
import type { Pulled, Push } from '../change-store.ts';
import { rowKey, type AccountState, type MergedPush } from './merge-push.ts';

/** What a row costs on the wire beside its values and id: sequence, quotes, commas. */
export const rowOverhead = 24;

export interface PulledRow {
  readonly table: string;
  readonly id: string;
  readonly seq: Sequence;
  readonly deleted: boolean;
  /** JSON of the values. */
  readonly data: string;
}

export interface PullOptions {
  readonly push: Push;
  /** Where the account stood before the push. */
  readonly account: AccountState;
  readonly merged: MergedPush;
  /** The account's rows after a sequence, by sequence, as they were before the push. */
  readonly rowsAfter: (cursor: Sequence) => Iterable<PulledRow>;
}

/** What a push's pull returns; the push itself need not be written yet. */
export function pull(options: PullOptions): Pick<Pulled, 'changes' | 'cursor' | 'more'> {
  const { push, merged } = options;
  // A cursor beyond the head comes from before a restored backup; what follows the head is new to the device.
  const cursor = Math.min(push.cursor, merged.head);
  const most = mostRows(push);
  if (most === 0) return { changes: [], cursor, more: cursor < merged.head };
  const builder = createPageBuilder();
  let rows = 0;
  let bytes = 0;
  let last = cursor;
  for (const { row, clean } of rowsOfPull(options, cursor)) {
    if (!clean && tableOf(row.table)) {
      if (rows === most || bytes >= limits.pullBytes) return { changes: builder.build(), cursor: last, more: true };
      builder.add(row);
      rows += 1;
      bytes += Buffer.byteLength(row.data) + row.id.length + rowOverhead;
    }
    last = row.seq;
  }
  return { changes: builder.build(), cursor: merged.head, more: false };
}

/** How many rows a pull takes at most. */
export function mostRows({ limit }: Push): number {
  return Math.min(limit, limits.pullRows);
}

/** What was stored before, then what the push moved: all its sequences are above the head. */
function* rowsOfPull({ account, merged, rowsAfter }: PullOptions, cursor: Sequence) {
  const moved = merged.writes.filter(({ seq }) => seq > account.head).sort((a, b) => a.seq - b.seq);
  if (cursor < account.head) {
    const overwritten = new Set(moved.map(({ table, id }) => rowKey(table, id)));
    for (const row of rowsAfter(cursor)) {
      if (!overwritten.has(rowKey(row.table, row.id))) yield { row, clean: false };
    }
  }
  for (const row of moved) if (row.seq > cursor) yield { row, clean: row.clean };
}

interface Draft {
  readonly table: TableName;
  readonly ids: string[];
  readonly seqs: Sequence[];
  readonly deleted: number[];
  readonly data: string[];
}

interface PageBuilder {
  add(row: PulledRow): void;
  /** In sync order, so that a device stores what others refer to first. */
  build(): RowPage[];
}

function createPageBuilder(): PageBuilder {
  const drafts = new Map<string, Draft>();
  return {
    add({ table, id, seq, deleted, data }) {
      let draft = drafts.get(table);
      if (!draft) drafts.set(table, (draft = newDraft(table as TableName)));
      if (deleted) draft.deleted.push(draft.ids.length);
      draft.ids.push(id);
      draft.seqs.push(seq);
      draft.data.push(deleted ? 'null' : data);
    },
    build: () =>
      syncOrder.flatMap((table) => {
        const draft = drafts.get(table);
        return draft ? [toPage(draft)] : [];
      }),
  };
}

function newDraft(table: TableName): Draft {
  return { table, ids: [], seqs: [], deleted: [], data: [] };
}

/** All rows are parsed at once: that takes half the time of one by one. */
function toPage({ table, ids, seqs, deleted, data }: Draft): RowPage {
  const rows = JSON.parse(`[${data.join(',')}]`) as (Readonly<Record<string, Value | undefined>> | null)[];
  const columns = columnsOf(table);
  const values = columns.map((name) => {
    // What a row has that was written before the column was declared.
    const absent = tableOf(table)?.columns[name]?.default ?? null;
    return rows.map((row) => {
      if (row === null) return null;
      const value = row[name];
      return value === undefined ? absent : value;
    });
  });
  return { table, ids, seqs, deleted, columns, values };
}
