/** Counts what storing a reply did, table by table. */
import type { Failure } from '../../protocol/errors.ts';
import type { Change, RowPage, SyncReply } from '../../protocol/messages.ts';
import { isPacked } from '../../protocol/packed-pages.ts';
import type { AppliedTable, Batch } from '../../sync/ports.ts';
import { addErrors } from '../../sync/tally.ts';
import type { Stored } from './held-rows.ts';
import { sizeOf } from './dirty-records.ts';

type Tables = Record<string, AppliedTable>;

export interface StoreTally {
  readonly tables: Tables;
  /** Stores a page and notes how that went. */
  stored(page: RowPage, store: () => Stored): void;
}

interface Exchanged {
  readonly sent: Batch;
  readonly reply: SyncReply;
  /** Milliseconds. */
  readonly now: () => number;
}

export function createTally({ sent, reply, now }: Exchanged): StoreTally {
  const tables: Tables = {};
  const add = (table: string, more: Partial<AppliedTable>): void => {
    tables[table] = sum(tables[table] ?? nothing, { ...nothing, ...more });
  };
  sent.changes.forEach((change, index) => {
    const { status, error } = reply.results[index]!;
    add(change.table, {
      sent: 1,
      failed: status === 'rejected' ? 1 : 0,
      conflicts: status === 'merged' ? 1 : 0,
      errors: error ? [{ code: error.code, ...(error.column === undefined ? {} : { detail: error.column }) }] : [],
      bytes: sizeOf(change),
    });
  });
  for (const page of reply.changes) add(page.table, { received: page.seqs.length, bytes: sizeOfPage(page) });
  return {
    tables,
    stored(page, store) {
      const start = now();
      const { failed, errors } = store();
      // A clock that was set back meanwhile says nothing.
      add(page.table, { failed, errors, duration: Math.max(0, now() - start) });
    },
  };
}

/** Of a change that a whole request was refused for. */
export function tallyOfRefused(change: Change, { code, detail }: Failure): AppliedTable {
  const error = { code, ...(detail === undefined ? {} : { detail }) };
  return { ...nothing, sent: 1, failed: 1, errors: [error], bytes: sizeOf(change) };
}

function sum(a: AppliedTable, b: AppliedTable): AppliedTable {
  return {
    sent: a.sent + b.sent,
    received: a.received + b.received,
    failed: a.failed + b.failed,
    conflicts: a.conflicts + b.conflicts,
    errors: b.errors.length > 0 ? addErrors(a.errors, b.errors) : a.errors,
    duration: a.duration + b.duration,
    bytes: a.bytes + b.bytes,
  };
}

const nothing: AppliedTable = { sent: 0, received: 0, failed: 0, conflicts: 0, errors: [], duration: 0, bytes: 0 };

/** Roughly the bytes of the values as JSON, as `sizeOf` counts them. */
function sizeOfPage(page: RowPage): number {
  let size = 60 * page.seqs.length;
  if (isPacked(page)) {
    for (const cells of page.cells.columns) size += cells.kind === 'texts' ? cells.bytes.length : 8 * page.seqs.length;
    return size;
  }
  for (const column of page.values)
    for (const value of column) size += typeof value === 'string' ? value.length + 3 : 8;
  return size;
}
