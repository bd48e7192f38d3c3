/**
 * Taking dirty records out of the outbox when the server has answered (I2). A record that was edited again meanwhile stays,
 * with just its newer columns.
 */
import type { Value } from '../../base/value.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Change, ChangeErrorCode, ChangeResult, Sequence, Stamp } from '../../protocol/messages.ts';
import { explainMisfit } from '../../schema/validate.ts';
import { latestStamp } from '../../sync/change.ts';
import { forgetStanding } from './answered-edits.ts';
import type { ReadSql, WriteSql } from './database.ts';
import { readBase, readStamps, type Base, type Stamps } from './stored-json.ts';

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
  const standing = changes.filter((_, index) => results[index]!.seq > 0);
  forgetStanding(
    sql,
    standing.map(({ table, id }) => [table, id]),
  );
  for (const table of sql.schema.syncOrder) {
    const rows: [Sequence, string, Sequence][] = [];
    changes.forEach((change, index) => {
      const { seq } = results[index]!;
      if (change.table === table && seq > 0) rows.push([seq, change.id, seq]);
    });
    if (rows.length > 0) sql.runMany(`UPDATE ${table} SET _seq = ? WHERE id = ? AND _seq < ?`, rows);
  }
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
 * Puts back what was before: triggers stay silent while `_seq` moves. Where a newer server state came in meanwhile, or what
 * was before is not known, the cursor steps back so that the row is pulled again over it.
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
  // Null where a column takes none says that it was not known; a damaged record may say anything.
  const columns = sql.schema.tableOf(change.table)!.columns;
  const known = base.filter(([column, [, value]]) => explainMisfit(columns[column]!, value) === null);
  const pullsAgain = held === undefined || Number(held) > oldest || known.length < base.length;
  const before = pullsAgain ? Math.max(0, oldest - 1) : Number(held);
  if (base.length > 0) {
    const assignments = [...known.map(([column]) => `${column} = ?`), '_seq = -1'].join(', ');
    const values = known.map(([, [, value]]) => value);
    sql.run(`UPDATE ${change.table} SET ${assignments} WHERE id = ?`, [...values, change.id]);
    sql.run(`UPDATE ${change.table} SET _seq = ? WHERE id = ?`, [before, change.id]);
  }
  if (pullsAgain) sql.run('UPDATE sync_state SET cursor = min(cursor, ?)', [before]);
}
