/** The pull of an exchange: the rows after the cursor, as many as one page takes, column-wise, one page a table (I6). */
import type { Value } from '../../base/value.ts';
import { limits } from '../../protocol/limits.ts';
import type { RowPage, Sequence } from '../../protocol/messages.ts';
import type { Schema } from '../../schema/schema.ts';
import { currentSchema } from '../../schema/tables.ts';
import type { Pulled, Push } from '../change-store.ts';
import { rowKey, type AccountState, type MergedPush, type RowWrite } from './merge-push.ts';

/** What a row costs on the wire beside its values and id: sequence, quotes, commas. */
export const rowOverhead = 24;

type RowValues = Readonly<Record<string, Value | undefined>>;

export interface PulledRow {
  readonly table: string;
  readonly id: string;
  readonly seq: Sequence;
  /** Null: the row is deleted. */
  readonly values: RowValues | null;
  /** What it adds to the page, in bytes: that of its texts and `rowOverhead`. */
  readonly bytes: number;
}

/** Rows after a sequence, by sequence. */
export interface RowsAfter {
  readonly rows: Iterable<PulledRow>;
  /** Whether they are all; false: the store was asked for no more than a page can hold. */
  readonly all: boolean;
}

export interface PullOptions {
  readonly push: Push;
  /** Where the account stood before the push. */
  readonly account: AccountState;
  readonly merged: MergedPush;
  /** The account's rows as they were before the push. */
  readonly rowsAfter: (cursor: Sequence) => RowsAfter;
  /** Rows of a preview, if that is to be given in place of a page (preview.ts). */
  readonly preview?: Iterable<PulledRow> | null;
  /** What this server knows; the app's own unless a test has several versions. */
  readonly schema?: Schema;
}

/**
 * What a push's pull returns; the push itself need not be written yet. What was stored before comes first, then what the
 * push moved: all its sequences are above the head.
 */
export function pull(options: PullOptions): Pick<Pulled, 'changes' | 'cursor' | 'more' | 'preview'> {
  const { push, account, merged, rowsAfter, preview = null, schema = currentSchema } = options;
  const { cursor } = push;
  if (mostRows(push) === 0) return { changes: [], cursor, more: cursor < merged.head };
  const page = createPage({ cursor, most: mostRows(push), schema, all: push.schema > schema.version });
  const moved = merged.writes.filter(({ seq }) => seq > account.head).sort((a, b) => a.seq - b.seq);
  if (preview) {
    const passed = new Set(moved.map(({ table, id }) => rowKey(table, id)));
    for (const row of preview) {
      const key = rowKey(row.table, row.id);
      // What is beyond the head that this reply names would be rows of which the device does not know that it has heard.
      if (passed.has(key) || row.seq > account.head) continue;
      passed.add(key);
      if (!page.take(row)) break;
    }
    return { changes: page.build(), cursor, more: true, preview: true };
  }
  if (cursor < account.head) {
    const overwritten = new Set(moved.map(({ table, id }) => rowKey(table, id)));
    const stored = rowsAfter(cursor);
    for (const row of stored.rows) {
      if (overwritten.has(rowKey(row.table, row.id))) page.pass(row.seq);
      else if (!page.take(row)) return page.cut();
    }
    if (!stored.all) return page.cut();
  }
  for (const write of moved) {
    if (write.seq <= cursor) continue;
    if (write.clean) page.pass(write.seq);
    else if (!page.take(pulledRow(write))) return page.cut();
  }
  return { changes: page.build(), cursor: merged.head, more: false };
}

/** A stored row, from its texts. */
export function pulledRow(stored: Pick<RowWrite, 'table' | 'id' | 'seq' | 'deleted' | 'data'>): PulledRow {
  const { table, id, seq, deleted, data } = stored;
  const values = deleted ? null : (JSON.parse(data) as RowValues);
  return { table, id, seq, values, bytes: Buffer.byteLength(data) + id.length + rowOverhead };
}

/** How many rows a pull takes at most. */
export function mostRows({ limit }: Push): number {
  return Math.min(limit, limits.pullRows);
}

interface Page {
  /** False when the page is full: then it was not taken. */
  take(row: PulledRow): boolean;
  /** Moves the cursor past a row that the device has. */
  pass(seq: Sequence): void;
  /** The page of a pull that has to go on after it. */
  cut(): { changes: RowPage[]; cursor: Sequence; more: true };
  /** In sync order, so that a device stores what others refer to first; what is not known here comes last. */
  build(): RowPage[];
}

interface PageOptions {
  readonly cursor: Sequence;
  /** Rows at most. */
  readonly most: number;
  readonly schema: Schema;
  /** With what the schema does not know: a newer device asks, and gets what other newer ones have sent. */
  readonly all: boolean;
}

function createPage({ cursor, most, schema, all }: PageOptions): Page {
  const drafts = new Map<string, Draft>();
  let rows = 0;
  let bytes = 0;
  let last = cursor;
  const build = (): RowPage[] =>
    [...new Set([...schema.syncOrder, ...drafts.keys()])].flatMap((table) => {
      const draft = drafts.get(table);
      return draft ? [toPage(draft, schema, all)] : [];
    });
  return {
    take(row) {
      if (all || schema.tableOf(row.table)) {
        if (rows === most || bytes >= limits.pullBytes) return false;
        let draft = drafts.get(row.table);
        if (!draft) drafts.set(row.table, (draft = { table: row.table, ids: [], seqs: [], rows: [] }));
        addRow(draft, row);
        rows += 1;
        bytes += row.bytes;
      }
      last = row.seq;
      return true;
    },
    pass(seq) {
      last = seq;
    },
    cut: () => ({ changes: build(), cursor: last, more: true }),
    build,
  };
}

interface Draft {
  readonly table: string;
  readonly ids: string[];
  readonly seqs: Sequence[];
  readonly rows: (RowValues | null)[];
}

function addRow({ ids, seqs, rows }: Draft, { id, seq, values }: PulledRow): void {
  ids.push(id);
  seqs.push(seq);
  rows.push(values);
}

function toPage({ table, ids, seqs, rows }: Draft, schema: Schema, all: boolean): RowPage {
  const deleted = rows.flatMap((row, index) => (row === null ? [index] : []));
  const declared = schema.tableOf(table)?.columns ?? {};
  const columns = all ? namesIn(rows, declared) : Object.keys(declared);
  const values = columns.map((name) => {
    // What a row has that was written before the column was declared, or by a device that does not know it.
    const absent = declared[name]?.default ?? null;
    return rows.map((row) => {
      if (row === null) return null;
      const value = row[name];
      return value === undefined ? absent : value;
    });
  });
  return { table, ids, seqs, deleted, columns, values };
}

function namesIn(rows: readonly (RowValues | null)[], declared: object): string[] {
  const names = new Set(Object.keys(declared));
  for (const row of rows) for (const name in row) names.add(name);
  return [...names];
}
