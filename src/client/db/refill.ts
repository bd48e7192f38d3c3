/**
 * What an older version of the app was sent and had no place for: rows of tables and values of columns that came with an
 * update. The cursor is beyond them, so the migration asks for a refill (schema/migrations.ts): once everything new is
 * here, everything is asked for once more, from a cursor of 0. Deletions are known up to where the cursor was, and nothing
 * is taken away, so this is no reload (reload.ts).
 *
 * `sync_state.refill`: null, nothing is missing; 0, the refill is still to begin; above, it is under way, and this is where
 * the cursor was. Each page fills its rows in the transaction that moves the cursor (I6), so a kill goes on from there.
 *
 * `unfilled_value` names the columns of a row whose values never came. Until they have, the default in the row is nobody's
 * value: it is not sent with the row, and an edit of it is based on nothing (outbox.ts), so that it neither replaces what
 * another device wrote there nor passes for an edit that knew of it (I4).
 */
import type { RowPage } from '../../protocol/messages.ts';
import type { ReadSql, WriteSql } from './database.ts';

/** Columns of a row whose values never came, by its id. Asked of the file as late as possible: nearly always none are. */
export function unfilledIn(sql: ReadSql, table: string): (id: string) => readonly string[] {
  let isAny: boolean | undefined;
  return (id) => {
    isAny ??= hasUnfilled(sql, table);
    if (!isAny) return [];
    return sql
      .arrays('SELECT col FROM unfilled_value WHERE tbl = ? AND id = ?', [table, id])
      .map(([col]) => String(col));
  };
}

export function hasUnfilled(sql: ReadSql, table: string): boolean {
  return sql.arrays('SELECT 1 FROM unfilled_value WHERE tbl = ? LIMIT 1', [table]).length > 0;
}

/** Before a page is stored: rows that lack values take the very state that they are of, too. `_seq` moves, as in a delete. */
export function reopenUnfilled(sql: WriteSql, { table, ids, seqs }: RowPage): void {
  sql.runMany(
    `UPDATE ${table} SET _seq = -1 WHERE id = ? AND _seq = ? AND EXISTS (SELECT 1 FROM unfilled_value u WHERE u.tbl = '${table}' AND u.id = ${table}.id)`,
    ids.map((id, index) => [id, seqs[index]!]),
  );
}

interface Filled {
  readonly table: string;
  readonly columns: readonly string[];
  /** With the sequence that was stored. A row that holds another one has not taken these values. */
  readonly rows: readonly (readonly [id: string, seq: number])[];
}

/** The rows have the values of these columns now. */
export function noteFilled(sql: WriteSql, { table, columns, rows }: Filled): void {
  const marks = columns.map(() => '?').join(', ');
  sql.runMany(
    `DELETE FROM unfilled_value WHERE tbl = ? AND id = ? AND col IN (${marks})
AND EXISTS (SELECT 1 FROM ${table} t WHERE t.id = unfilled_value.id AND t._seq = ?)`,
    rows.map(([id, seq]) => [table, id, ...columns, seq]),
  );
}

/** Before the outbox forgets which columns were edited: what was given here is a value. */
export function keepGiven(sql: WriteSql): void {
  const edited = `json_each(CASE WHEN json_valid(o.stamps) THEN o.stamps ELSE '{}' END)`;
  sql.run(`DELETE FROM unfilled_value AS u
WHERE EXISTS (SELECT 1 FROM outbox o, ${edited} e WHERE o.tbl = u.tbl AND o.id = u.id AND e.key = u.col)`);
}

/**
 * All that the server has is here, as far as it was asked: begins what is to begin, ends what is under way. Gives whether
 * there is more to ask for.
 */
export function advanceRefill(sql: WriteSql): boolean {
  // Answers to what was asked before no longer count: they would move the cursor beyond what is asked for again.
  const began = sql.run('UPDATE sync_state SET refill = cursor, cursor = 0, loads = loads + 1 WHERE refill = 0');
  if (began > 0) return true;
  sql.run('UPDATE sync_state SET refill = NULL WHERE refill IS NOT NULL');
  // What no page brought the server does not have. Where an edit waits, it is based on nothing until it was answered for;
  // what was set aside (held-rows.ts) still comes.
  sql.run(`DELETE FROM unfilled_value AS u
WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tbl = u.tbl AND o.id = u.id)
AND NOT EXISTS (SELECT 1 FROM held_row h WHERE h.tbl = u.tbl AND h.id = u.id)`);
  return false;
}
