/**
 * Loading everything anew over what is here: when the device was away for so long that deletions it never heard of are no
 * longer told, or when the server was restored from a backup. All of it is rows, so that a kill at any point goes on from
 * there; a second reload during the first one starts over.
 *
 * Every row is unconfirmed until the server was seen to have it. What is left in the end was deleted elsewhere and goes.
 * What waits in the outbox stays and is decided by the ordinary rules.
 *
 * A server restored from a backup has lost what came after. Every row above the last common sequence waits from then on as
 * if it were new here (I4), under a new device id, because the restored server knows later stamps of the old one. Its
 * stamp is its old sequence: far below that of any edit, so that an edit always wins, and of two devices that bring the
 * same row back the one that had it later. Edits that were answered for and have not come back with their row wait once
 * more as they were (answered-edits.ts).
 */
import type { Change, ChangeResult, RowPage, Sequence } from '../../protocol/messages.ts';
import type { Reload } from '../../sync/ports.ts';
import type { ReloadCause } from '../../sync/report.ts';
import { sendAnsweredAgain } from './answered-edits.ts';
import type { ReadSql, WriteSql } from './database.ts';
import { readBase, unlessDamaged } from './stored-json.ts';

export function startReload(sql: WriteSql, { cause, common }: Reload): void {
  if (cause === 'restored') bringBackLost(sql, common);
  sql.run('DELETE FROM unconfirmed_row');
  sql.run('DELETE FROM held_row');
  for (const table of sql.schema.syncOrder) {
    sql.run(
      `INSERT INTO unconfirmed_row (tbl, id) SELECT '${table}', id FROM ${table} WHERE _seq > 0 OR ${isUnheard(table)}`,
    );
  }
  sql.run(
    `UPDATE sync_state SET cursor = 0, known = 0, epoch = '', loads = loads + 1, refill = NULL, reload = ?,
  notice = ?`,
    [cause, cause],
  );
}

/** Why everything is being loaded anew, or null when it is not. */
export function reloadOf(sql: ReadSql): ReloadCause | null {
  return (sql.arrays('SELECT reload FROM sync_state')[0]?.[0] ?? null) as ReloadCause | null;
}

/** The server has these rows, or has told that they are deleted. */
export function confirmPulled(sql: WriteSql, { table, ids }: RowPage): void {
  confirm(
    sql,
    ids.map((id) => [table, id]),
  );
}

/** What was sent and stands on the server as it is here is left out of the pull. */
export function confirmAnswered(sql: WriteSql, changes: readonly Change[], results: readonly ChangeResult[]): void {
  const standing = changes.filter((_, index) => results[index]!.seq > 0);
  confirm(
    sql,
    standing.map(({ table, id }) => [table, id]),
  );
}

function confirm(sql: WriteSql, rows: readonly (readonly [table: string, id: string])[]): void {
  sql.runMany('DELETE FROM unconfirmed_row WHERE tbl = ? AND id = ?', rows);
}

/** Everything was pulled: what is still unconfirmed is gone on the server, unless it waits to be sent. */
export function finishReload(sql: WriteSql): void {
  for (const table of sql.schema.syncOrder) {
    const gone = sql.arrays(
      `SELECT id FROM unconfirmed_row u WHERE tbl = ? AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tbl = u.tbl AND o.id = u.id)`,
      [table],
    );
    if (gone.length === 0) continue;
    // As in pulled-rows.ts: this is no deletion of the person's.
    sql.runMany(`UPDATE ${table} SET _seq = -1 WHERE id = ?`, gone);
    sql.runMany(`DELETE FROM ${table} WHERE id = ?`, gone);
  }
  sql.run('DELETE FROM unconfirmed_row');
  sql.run('UPDATE sync_state SET reload = NULL');
}

/** A row that was answered for, and has not come from the server yet: there it is another, or lies beyond the cursor. */
function isUnheard(table: string): string {
  return `(_seq = 0 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tbl = '${table}' AND o.id = ${table}.id))`;
}

function bringBackLost(sql: WriteSql, common: Sequence): void {
  for (const table of sql.schema.syncOrder) {
    // A row that waits for an edit goes whole: the edited columns keep their stamps.
    sql.run(
      `INSERT INTO outbox (tbl, id, op, stamp, since, base_seq)
SELECT '${table}', id, 'insert', _seq, _seq, ? FROM ${table} WHERE _seq > ?
ON CONFLICT (tbl, id) DO UPDATE SET op = 'insert', since = excluded.since, base = NULL WHERE op = 'update'`,
      [common, common],
    );
    sql.run(`UPDATE ${table} SET _seq = ? WHERE _seq > ?`, [common, common]);
  }
  sendAnsweredAgain(sql);
  // What edits were based on may be lost too: what the server has above the common history is news to them.
  const based = sql.arrays(`SELECT base, tbl, id FROM outbox WHERE op = 'update' AND base IS NOT NULL`);
  sql.runMany(
    'UPDATE outbox SET base = ? WHERE tbl = ? AND id = ?',
    based.map(([base, table, id]) => {
      const columns = sql.schema.columnsOf(String(table));
      return [lowered(String(base), { columns, common }), table!, id!];
    }),
  );
  sql.run('UPDATE outbox SET base_seq = min(base_seq, ?)', [common]);
}

/** A damaged one stays as it is: its edit does not go out (outbox.ts), and must not keep the others from it. */
function lowered(json: string, { columns, common }: { columns: readonly string[]; common: Sequence }): string {
  const base = unlessDamaged(() => readBase(json, columns));
  if (!base) return json;
  const entries = Object.entries(base).map(([column, [seq, value]]) => [column, [Math.min(seq, common), value]]);
  return JSON.stringify(Object.fromEntries(entries));
}
