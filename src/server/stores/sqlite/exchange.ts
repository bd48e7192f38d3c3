/**
 * One exchange inside an open transaction: every change of the push merged and stored (I5), then the rows after the
 * cursor (I6). What the rows become is decided by `sync/merge.ts`; here it is only read and written.
 */
import type Database from 'better-sqlite3';
import { assert } from '../../../base/assert.ts';
import { limits } from '../../../protocol/limits.ts';
import type { Change, ChangeResult, Sequence, Stamp } from '../../../protocol/messages.ts';
import type { Values } from '../../../schema/column.ts';
import { conflictSettingPrefix, strategyFrom, type StrategyFor } from '../../../schema/policies.ts';
import { tableOf } from '../../../schema/tables.ts';
import { validateChange } from '../../../schema/validate.ts';
import { latestStamp } from '../../../sync/change.ts';
import { observe, stampAt } from '../../../sync/clock.ts';
import { mergeChange, type StoredRow } from '../../../sync/merge.ts';
import type { Pulled, Push } from '../../change-store.ts';
import { createPageBuilder } from './page.ts';
import { decodeRow, encodeRow } from './row-codec.ts';

/** Who wrote a row that no device sent. */
const serverDevice = 'server';
/** What a row costs on the wire beside its values and id: sequence, quotes, commas. */
const rowOverhead = 24;

export type Exchange = (push: Push) => Pulled;

type ScannedRow = [table: string, id: string, seq: Sequence, deleted: 0 | 1, data: string];

/** An exchange under way. */
interface Run {
  readonly push: Push;
  readonly account: number;
  head: Sequence;
  clock: Stamp;
  /** Rows that the device holds as they are, being what it just sent. */
  readonly clean: Set<string>;
  /** The account's choice of strategies; null until a conflict asks for it, and again after one was written. */
  strategy: StrategyFor | null;
}

export function createExchange(database: Database.Database, newId: () => string): Exchange {
  const statements = prepare(database);

  const put = (run: Run, table: string, row: StoredRow): void => {
    const { data, meta } = encodeRow(row);
    statements.putRow.run(run.account, table, row.id, row.seq, row.deleted ? 1 : 0, data, meta);
    if (table === 'setting' && String(row.columns['key']?.value).startsWith(conflictSettingPrefix)) run.strategy = null;
  };

  const putConflict = (run: Run, values: Values): void => {
    const seq = ++run.head;
    const stamp = stampAt(run.push.now);
    const write = { stamp, device: serverDevice, seq };
    const columns = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, ...write }]));
    run.clock = observe(run.clock, stamp);
    put(run, 'conflict', { id: newId(), seq, deleted: null, columns, seen: {} });
  };

  const readStrategy = (run: Run): StrategyFor =>
    strategyFrom(
      statements.conflictSettings.all(run.account, `${conflictSettingPrefix}*`).map(([key, value]) => ({ key, value })),
    );

  const applyChange = (run: Run, change: Change): ChangeResult => {
    const error = validateChange(change);
    if (error) return { status: 'rejected', seq: 0, error };
    const stored = statements.getRow.get(run.account, change.table, change.id);
    const seq = run.head + 1;
    const merged = mergeChange({
      row: stored ? decodeRow({ id: change.id, seq: stored[0], data: stored[1], meta: stored[2] }) : null,
      change,
      device: run.push.device,
      cursor: run.push.cursor,
      seq,
      now: run.push.now,
      strategyFor: (table, column) => (run.strategy ??= readStrategy(run))(table, column),
    });
    if (merged.row) {
      put(run, change.table, merged.row);
      run.clock = observe(run.clock, latestStamp(change));
      if (merged.row.seq === seq) {
        run.head = seq;
        if (merged.clean) run.clean.add(rowKey(change.table, change.id));
        else run.clean.delete(rowKey(change.table, change.id));
      }
    }
    for (const values of merged.conflicts) putConflict(run, values);
    return merged.result;
  };

  return (push) => {
    const account = statements.getAccount.get(push.user);
    assert(account, 'an exchange is for an account that exists');
    const [key, head, clock] = account;
    const run: Run = { push, account: key, head, clock, clean: new Set(), strategy: null };
    const results = push.changes.map((change) => applyChange(run, change));
    if (run.head !== head || run.clock !== clock) statements.putAccount.run(run.head, run.clock, key);
    const page = pull(run, statements.scan);
    return { results, ...page, clock: run.clock, head: run.head, changed: run.head !== head };
  };
}

type Scan = Database.Statement<[number, number], ScannedRow>;

/** The rows after the cursor, in the order of their sequence, as many as one page takes. */
function pull(run: Run, scan: Scan): Pick<Pulled, 'changes' | 'cursor' | 'more'> {
  // A cursor beyond the head comes from before a restored backup; what follows the head is new to the device.
  const cursor = Math.min(run.push.cursor, run.head);
  const most = Math.min(run.push.limit, limits.pullRows);
  if (most === 0) return { changes: [], cursor, more: cursor < run.head };
  const builder = createPageBuilder();
  let rows = 0;
  let bytes = 0;
  let last = cursor;
  for (const [table, id, seq, deleted, data] of scan.iterate(run.account, cursor)) {
    if (tableOf(table) && !run.clean.has(rowKey(table, id))) {
      if (rows === most || bytes >= limits.pullBytes) return { changes: builder.build(), cursor: last, more: true };
      builder.add({ table, id, seq, deleted: deleted === 1, data });
      rows += 1;
      bytes += Buffer.byteLength(data) + id.length + rowOverhead;
    }
    last = seq;
  }
  return { changes: builder.build(), cursor: run.head, more: false };
}

function prepare(database: Database.Database) {
  return {
    getAccount: database
      .prepare<[string], [key: number, head: Sequence, clock: Stamp]>(
        'SELECT key, head, clock FROM account WHERE id = ?',
      )
      .raw(),
    putAccount: database.prepare<[Sequence, Stamp, number]>('UPDATE account SET head = ?, clock = ? WHERE key = ?'),
    getRow: database
      .prepare<[number, string, string], [seq: Sequence, data: string, meta: string]>(
        'SELECT seq, data, meta FROM row WHERE user = ? AND tbl = ? AND id = ?',
      )
      .raw(),
    putRow: database.prepare<[number, string, string, Sequence, number, string, string]>(
      `INSERT INTO row (user, tbl, id, seq, deleted, data, meta) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (user, tbl, id) DO UPDATE SET
         seq = excluded.seq, deleted = excluded.deleted, data = excluded.data, meta = excluded.meta`,
    ),
    conflictSettings: database
      .prepare<[number, string], [key: string, value: string]>(
        `SELECT data ->> 'key', data ->> 'value' FROM row
         WHERE user = ? AND tbl = 'setting' AND deleted = 0 AND data ->> 'key' GLOB ?`,
      )
      .raw(),
    scan: database
      .prepare<[number, number], ScannedRow>(
        'SELECT tbl, id, seq, deleted, data FROM row WHERE user = ? AND seq > ? ORDER BY seq',
      )
      .raw(),
  };
}

/** A space occurs in no table name and in no id. */
function rowKey(table: string, id: string): string {
  return `${table} ${id}`;
}
