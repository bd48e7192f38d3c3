/**
 * Edits that the server has answered for without saying what the row is there now (`seq` 0): it was decided against a part
 * of it, or has more that this device has not pulled. They have left the outbox (I2) and stand in the row until that is
 * pulled. If the server is restored from a backup before, nobody else has them, and a row that the backup has newer would
 * be written over them (I4): so they are noted by column, and wait again with the stamps and bases that they had.
 *
 * The row brings the end of it: what lost to others lies in `conflict` then, because conflicts come before the row that
 * they were about (server/exchange/merge-push.ts).
 */
import type { Change, ChangeResult, RowPage } from '../../protocol/messages.ts';
import { baseSeqOf, baseValueOf, stampOf } from '../../sync/change.ts';
import type { WriteSql } from './database.ts';

/** Within the transaction that takes them out of the outbox, before the reply's rows are stored. */
export function noteAnswered(sql: WriteSql, changes: readonly Change[], results: readonly ChangeResult[]): void {
  changes.forEach((change, index) => {
    const { status, seq } = results[index]!;
    if (seq > 0 || status === 'rejected' || status === 'resend' || !sql.schema.tableOf(change.table)) return;
    const { table, id, values = {} } = change;
    sql.runMany(
      `INSERT INTO answered_edit (tbl, id, col, op, stamp, base_seq, base)
SELECT '${table}', id, ?, ?, ?, ?, ? FROM ${table} WHERE id = ?
ON CONFLICT (tbl, id, col) DO UPDATE SET op = excluded.op, stamp = excluded.stamp, base_seq = excluded.base_seq, base = excluded.base`,
      Object.keys(values).map((column) => [
        column,
        change.op,
        stampOf(change, column),
        baseSeqOf(change, column),
        baseValueOf(change, column),
        id,
      ]),
    );
  });
}

/** These rows were pulled. One that its table refused is still older than the page. */
export function forgetPulled(sql: WriteSql, page: RowPage): void {
  if (!isAnyAnswered(sql)) return;
  // Not before: a packed page unpacks its ids when they are asked for.
  const { table, ids, seqs } = page;
  sql.runMany(
    `DELETE FROM answered_edit WHERE tbl = '${table}' AND id = ?
AND EXISTS (SELECT 1 FROM ${table} t WHERE t.id = answered_edit.id AND t._seq >= ?)`,
    ids.map((id, index) => [id, seqs[index]!]),
  );
}

/** These rows are the server's as they are here. */
export function forgetStanding(sql: WriteSql, rows: readonly (readonly [table: string, id: string])[]): void {
  if (isAnyAnswered(sql)) sql.runMany('DELETE FROM answered_edit WHERE tbl = ? AND id = ?', rows);
}

/**
 * They wait again, beside what waits of the same rows: a column that was edited since has only the later edit. A row
 * that was sent whole goes whole. A record that is damaged stays as it is, and keeps its row as it is here.
 */
export function sendAnsweredAgain(sql: WriteSql): void {
  sql.run(`INSERT INTO outbox (tbl, id, op, stamp, since, stamps, base, base_seq)
SELECT tbl, id, op, stamp, since, stamps, CASE op WHEN 'update' THEN base END, base_seq FROM (
  SELECT tbl, id, iif(sum(op = 'insert'), 'insert', 'update') op, max(stamp) stamp, min(stamp) since,
    json_group_object(col, stamp) stamps, json_group_object(col, json_array(base_seq, base)) base, min(base_seq) base_seq
  FROM answered_edit GROUP BY tbl, id) WHERE true
ON CONFLICT (tbl, id) DO UPDATE SET stamp = max(stamp, excluded.stamp),
  op = CASE WHEN 'insert' IN (op, excluded.op) THEN 'insert' ELSE op END,
  stamps = json_patch(excluded.stamps, coalesce(stamps, '{}')),
  base = CASE WHEN 'insert' IN (op, excluded.op) THEN NULL ELSE json_patch(excluded.base, coalesce(base, '{}')) END
WHERE op <> 'delete' AND json_valid(coalesce(stamps, '{}')) AND json_valid(coalesce(base, '{}'))`);
  sql.run('DELETE FROM answered_edit');
}

function isAnyAnswered(sql: WriteSql): boolean {
  return sql.arrays('SELECT 1 FROM answered_edit LIMIT 1').length > 0;
}
