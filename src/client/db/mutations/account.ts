/** Whose data is on this device, and what the server refused. */
import { err } from '../../../base/result.ts';
import type { WriteSql } from '../database.ts';
import { keepGiven } from '../refill.ts';
import { done, type Mutation } from './mutation.ts';

export const attachAccount: Mutation<'account.attach'> = ({ sql }, { userId, name }) => {
  const [state] = sql.arrays('SELECT user_id FROM sync_state');
  const owner = state?.[0] ?? null;
  if (owner !== null && owner !== userId)
    return err({ code: 'wrong_account', detail: 'the rows here are of another account' });
  sql.run('UPDATE sync_state SET user_id = ?, user_name = ?, attempts = 0, next_attempt_at = NULL, last_error = NULL', [
    userId,
    name,
  ]);
  return done;
};

/** With `keep` the device stays bound to its account: another one cannot take the rows over by signing in. */
export const detachAccount: Mutation<'account.detach'> = ({ sql, newId }, { rows }) => {
  if (rows === 'keep') {
    sql.run(
      `UPDATE sync_state SET attempts = 0, next_attempt_at = NULL, last_error = 'signed_out' WHERE user_id IS NOT NULL`,
    );
    return done;
  }
  // One that never signed in or was reset already has nothing to release and keeps its device id, so that a second run
  // changes nothing.
  const seen = sql.arrays('SELECT 1 FROM sync_state WHERE user_id IS NOT NULL OR cursor > 0').length > 0;
  if (rows === 'remove') removeRows(sql);
  else if (seen) releaseRows(sql);
  // A new device id, because the server's record of the old one is of rows that are gone.
  if (seen) sql.run('UPDATE sync_state SET device = ?', [newId()]);
  // Rows that were set aside are the account's too (I7), and so is the history that they came from.
  for (const table of ['held_row', 'unconfirmed_row', 'answered_edit']) sql.run(`DELETE FROM ${table}`);
  sql.run(`UPDATE sync_state SET user_id = NULL, user_name = NULL, cursor = 0, known = 0, epoch = '', refill = NULL,
  reload = NULL, notice = NULL, attempts = 0, next_attempt_at = NULL, last_error = NULL, last_sync_at = NULL`);
  return done;
};

/** One that came since stays. */
export const dismissNotice: Mutation<'sync.dismiss'> = ({ sql }, { notice }) => {
  sql.run('UPDATE sync_state SET notice = NULL WHERE notice = ?', [notice]);
  return done;
};

export const discardRejected: Mutation<'rejected.discard'> = ({ sql }, { tableName, rowId }) => {
  sql.run('DELETE FROM rejected_change WHERE table_name = ? AND row_id = ?', [tableName, rowId]);
  return done;
};

/** A row with `_seq` -1 is deleted without a trace in the outbox (schema/triggers.ts): this is no deletion to be synced. */
function removeRows(sql: WriteSql): void {
  for (const table of sql.schema.syncOrder) {
    sql.run(`UPDATE ${table} SET _seq = -1`);
    sql.run(`DELETE FROM ${table}`);
  }
  for (const table of ['outbox', 'rejected_change', 'sync_run']) sql.run(`DELETE FROM ${table}`);
}

/** Every row waits again to be sent whole, to whichever account comes. A deletion is of a row that no server has now. */
function releaseRows(sql: WriteSql): void {
  sql.run(`DELETE FROM outbox WHERE op = 'delete'`);
  keepGiven(sql);
  for (const table of sql.schema.syncOrder) {
    sql.run(`UPDATE ${table} SET _seq = 0`);
    sql.run(`INSERT INTO outbox (tbl, id, op, stamp, since, base_seq)
      SELECT '${table}', id, 'insert', local_stamp(), local_stamp(), 0 FROM ${table} WHERE true
      ON CONFLICT (tbl, id) DO UPDATE SET op = 'insert', stamp = excluded.stamp, since = excluded.since, stamps = NULL,
        base = NULL, base_seq = 0`);
  }
}
