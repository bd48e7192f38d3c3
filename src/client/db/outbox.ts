/**
 * The outbox as rows: reading dirty records as changes, and taking them out when the server has answered (I2). A record
 * that was edited again meanwhile stays, with just its newer columns.
 */
import type { Value } from '../../base/value.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import type { Change, ChangeErrorCode, ChangeResult, Sequence, Stamp } from '../../protocol/messages.ts';
import { latestStamp } from '../../sync/change.ts';
import type { Batch, UnreadRecords } from '../../sync/ports.ts';
import type { TableError } from '../../sync/report.ts';
import { addErrors } from '../../sync/tally.ts';
import type { ReadSql, WriteSql } from './database.ts';
import { StorageError } from './driver.ts';
import { unfilledIn } from './refill.ts';
import { readBase, readStamps, type Base, type Stamps } from './stored-json.ts';

/**
 * Dirty records in sync order, within the protocol's limits for one push. What cannot be read, a record or a whole table
 * of a damaged file, waits on and is told; the others go.
 */
export function gatherChanges(sql: ReadSql): Pick<Batch, 'changes' | 'more' | 'unread'> {
  const changes: Change[] = [];
  const unread: Record<string, UnreadRecords> = {};
  const fail = (table: string, cause: unknown): void => {
    const { count = 0, errors = [] } = unread[table] ?? {};
    unread[table] = { count: count + 1, errors: addErrors(errors, [unreadable(cause)]) };
  };
  let bytes = 0;
  for (const table of sql.schema.syncOrder) {
    const source: Source = { table, columns: sql.schema.columnsOf(table), unfilled: unfilledIn(sql, table) };
    const room = limits.pushChanges - changes.length + (unread[table]?.count ?? 0);
    for (const row of readDirty(sql, { ...source, room, fail })) {
      const change = attemptRead(source, row, fail);
      if (!change) continue;
      bytes += sizeOf(change);
      if (changes.length > 0 && (changes.length === limits.pushChanges || bytes > limits.pushBytes)) {
        return { changes, more: true, unread };
      }
      changes.push(change);
    }
  }
  return { changes, more: false, unread };
}

type Fail = (table: string, cause: unknown) => void;

/** A table that is read for dirty records. */
interface Source {
  readonly table: string;
  readonly columns: readonly string[];
  /** Columns of a row whose values never came (refill.ts). */
  readonly unfilled: (id: string) => readonly string[];
}

function readDirty(sql: ReadSql, source: Source & { room: number; fail: Fail }): Value[][] {
  try {
    return sql.arrays(selectDirty(source), [source.room + 1]);
  } catch (cause) {
    source.fail(source.table, cause);
    return [];
  }
}

function attemptRead(source: Source, row: readonly Value[], fail: Fail): Change | null {
  try {
    return readChange(source, row);
  } catch (cause) {
    fail(source.table, cause);
    return null;
  }
}

/** What a damaged file gives. Anything else is a bug. */
function unreadable(cause: unknown): TableError {
  if (cause instanceof StorageError) return { code: 'storage_failed', detail: cause.message };
  throw cause;
}

/** Takes answered changes out. Returns how many were rejected, by table. */
export function acknowledge(
  sql: WriteSql,
  answered: { changes: readonly Change[]; results: readonly ChangeResult[]; now: number },
): void {
  const settled: [string, string, Stamp][] = [];
  answered.changes.forEach((change, index) => {
    const result = answered.results[index]!;
    if (result.status === 'resend') resendWhole(sql, change);
    else if (result.status === 'rejected') setAside(sql, { change, error: result.error, now: answered.now });
    else settled.push([change.table, change.id, latestStamp(change)]);
  });
  sql.runMany('DELETE FROM outbox WHERE tbl = ? AND id = ? AND stamp = ?', settled);
  if (sql.arrays('SELECT 1 FROM outbox LIMIT 1').length === 0) return;
  answered.changes.forEach((change, index) => {
    const result = answered.results[index]!;
    if (result.status !== 'resend' && result.status !== 'rejected') keepNewerEdits(sql, change, result);
  });
}

/** Marks the rows that now are exactly the server's. Runs after pulled rows were applied: those may be newer. */
export function markStored(sql: WriteSql, changes: readonly Change[], results: readonly ChangeResult[]): void {
  for (const table of sql.schema.syncOrder) {
    const rows: [Sequence, string, Sequence][] = [];
    changes.forEach((change, index) => {
      const { seq } = results[index]!;
      if (change.table === table && seq > 0) rows.push([seq, change.id, seq]);
    });
    if (rows.length > 0) sql.runMany(`UPDATE ${table} SET _seq = ? WHERE id = ? AND _seq < ?`, rows);
  }
}

function selectDirty({ table, columns }: Source): string {
  return `SELECT o.id, o.op, o.stamp, o.since, o.stamps, o.base, o.base_seq, ${columns.map((column) => `t.${column}`).join(', ')}
FROM outbox o LEFT JOIN ${table} t ON t.id = o.id WHERE o.tbl = '${table}' LIMIT ?`;
}

/**
 * What never came of a row is not this device's to tell: a new row goes without it, and an edit of it is based on nothing,
 * so that what another device wrote there loses to no default and to no edit that did not know of it (I4).
 */
function readChange({ table, columns, unfilled }: Source, row: readonly Value[]): Change {
  const [id, op, stamp, since, stamps, base, baseSeq, ...values] = row as [
    string,
    Change['op'],
    Stamp,
    Stamp,
    string | null,
    string | null,
    Sequence,
    ...Value[],
  ];
  if (op === 'delete') return { table, id, op, stamp, baseSeq };
  const columnStamps = readStamps(stamps);
  const never = unfilled(id);
  if (op === 'insert') {
    const isKnown = (column: string) => column in columnStamps || !never.includes(column);
    const known = columns.flatMap((column, index) => (isKnown(column) ? [[column, values[index]!] as const] : []));
    const edited = stamps === null ? {} : { stamps: columnStamps };
    // A row that goes again after a restored backup (reload.ts) has a base, and this column is not of it.
    const blind = never.filter((column) => column in columnStamps).map((column) => [column, [0, null]] as const);
    const based = blind.length === 0 ? {} : { base: Object.fromEntries(blind) };
    return { table, id, op, stamp: since, ...edited, values: Object.fromEntries(known), baseSeq, ...based };
  }
  const dirty = Object.fromEntries(
    columns.flatMap((column, index) => (column in columnStamps ? [[column, values[index]!] as const] : [])),
  );
  // Edits of one transaction bear one stamp: then it stands once for all.
  const several = Object.values(columnStamps).some((other) => other !== stamp) ? { stamps: columnStamps } : {};
  return {
    table,
    id,
    op,
    stamp,
    ...several,
    values: dirty,
    baseSeq,
    ...(base === null ? {} : { base: unbased(readBase(base, columns), never) }),
  };
}

function unbased(base: Base, never: readonly string[]): Base {
  return Object.fromEntries(
    Object.entries(base).map(([column, [seq, value]]) => [column, [never.includes(column) ? 0 : seq, value]]),
  );
}

/** Roughly the bytes of the change as JSON; UTF-16 length is near enough for a limit far below the server's. */
export function sizeOf(change: Change): number {
  let size = 150;
  for (const value of Object.values(change.values ?? {})) size += 20 + (typeof value === 'string' ? value.length : 8);
  for (const [, value] of Object.values(change.base ?? {})) size += 20 + (typeof value === 'string' ? value.length : 8);
  return size;
}

interface OutboxRow {
  readonly op: Change['op'];
  readonly stamp: Stamp;
  readonly since: Stamp;
  readonly stamps: Stamps;
  readonly base: Base;
}

function readEntry(sql: ReadSql, change: Change): OutboxRow | null {
  const [row] = sql.arrays('SELECT op, stamp, since, stamps, base FROM outbox WHERE tbl = ? AND id = ?', [
    change.table,
    change.id,
  ]);
  if (!row) return null;
  const [op, stamp, since, stamps, base] = row as [Change['op'], Stamp, Stamp, string | null, string | null];
  const parsedBase = op === 'update' && base !== null ? readBase(base, sql.schema.columnsOf(change.table)) : {};
  return { op, stamp, since, stamps: readStamps(stamps), base: parsedBase };
}

/** The record was edited after it was read for sending: what was answered goes, the newer columns stay. */
function keepNewerEdits(sql: WriteSql, change: Change, result: ChangeResult): void {
  const entry = readEntry(sql, change);
  const sent = latestStamp(change);
  if (!entry || entry.stamp <= sent) return;
  // Deleted and inserted anew: all of it is newer.
  const reinserted = entry.op === 'insert' && (change.op !== 'insert' || entry.since > sent);
  if (entry.op === 'delete' || reinserted) {
    if (result.seq > 0) {
      sql.run('UPDATE outbox SET base_seq = ? WHERE tbl = ? AND id = ?', [result.seq, change.table, change.id]);
    }
    return;
  }
  const newer = Object.fromEntries(Object.entries(entry.stamps).filter(([, stamp]) => stamp > sent));
  const base = Object.fromEntries(
    Object.keys(newer).map((column) => [
      column,
      newBase(change, { column, seq: result.seq, before: entry.base[column] }),
    ]),
  );
  sql.run(`UPDATE outbox SET op = 'update', stamps = ?, base = ?, base_seq = ? WHERE tbl = ? AND id = ?`, [
    JSON.stringify(newer),
    JSON.stringify(base),
    result.seq > 0 ? result.seq : change.baseSeq,
    change.table,
    change.id,
  ]);
}

/** With the server's state known, the edit is based on what was sent; else on what it was based on before. */
function newBase(
  change: Change,
  at: { column: string; seq: Sequence; before: readonly [Sequence, Value] | undefined },
): readonly [Sequence, Value] {
  const value = change.values?.[at.column];
  if (at.seq > 0 && value !== undefined) return [at.seq, value];
  return at.before ?? [change.baseSeq, null];
}

/** The server lacks the row: it goes again, whole. */
function resendWhole(sql: WriteSql, change: Change): void {
  sql.run(`UPDATE outbox SET op = 'insert', base = NULL, base_seq = 0 WHERE tbl = ? AND id = ? AND op = 'update'`, [
    change.table,
    change.id,
  ]);
}

interface Refused {
  readonly change: Change;
  readonly error: { readonly code: ChangeErrorCode | ErrorCode; readonly column?: string } | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Takes a change that can never succeed out of the queue, keeps it for the person to see, and undoes it in the row. */
export function setAside(sql: WriteSql, { change, error, now }: Refused): void {
  const entry = readEntry(sql, change);
  if (!entry || entry.stamp !== latestStamp(change) || !sql.schema.tableOf(change.table)) return;
  sql.run(
    `INSERT INTO rejected_change (table_name, row_id, op, code, column_name, values_json, rejected_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (table_name, row_id) DO UPDATE SET op = excluded.op, code = excluded.code, column_name = excluded.column_name,
values_json = excluded.values_json, rejected_at = excluded.rejected_at`,
    [
      change.table,
      change.id,
      change.op,
      error?.code ?? 'invalid_change',
      error?.column ?? null,
      JSON.stringify(change.values ?? {}),
      now,
    ],
  );
  sql.run('DELETE FROM outbox WHERE tbl = ? AND id = ?', [change.table, change.id]);
  undo(sql, change);
}

/**
 * Puts back what was before: triggers stay silent while `_seq` moves. Where a newer server state came in meanwhile, the
 * cursor steps back so that it is pulled again over the old base.
 */
function undo(sql: WriteSql, change: Change): void {
  if (change.op === 'insert') {
    sql.run(`UPDATE ${change.table} SET _seq = -1 WHERE id = ?`, [change.id]);
    sql.run(`DELETE FROM ${change.table} WHERE id = ?`, [change.id]);
    return;
  }
  const base = Object.entries(change.base ?? {});
  const [[held] = []] = sql.arrays(`SELECT _seq FROM ${change.table} WHERE id = ?`, [change.id]);
  const oldest = Math.min(change.baseSeq, ...base.map(([, [seq]]) => seq));
  const isNewer = held === undefined || Number(held) > oldest;
  const before = isNewer ? Math.max(0, oldest - 1) : Number(held);
  if (base.length > 0) {
    const assignments = base.map(([column]) => `${column} = ?`).join(', ');
    const values = base.map(([, [, value]]) => value);
    sql.run(`UPDATE ${change.table} SET ${assignments}, _seq = -1 WHERE id = ?`, [...values, change.id]);
    sql.run(`UPDATE ${change.table} SET _seq = ? WHERE id = ?`, [before, change.id]);
  }
  if (isNewer) sql.run('UPDATE sync_state SET cursor = min(cursor, ?)', [before]);
}
