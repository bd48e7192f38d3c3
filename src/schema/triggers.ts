/**
 * Change capture: every local write to a synced table, whoever makes it, leaves its dirty columns in `outbox` within the
 * same transaction (I1). Rows that come from the server are told apart by `_seq`, which only applying changes: an insert
 * with `_seq` above 0, an update that moves `_seq`, a delete after `_seq` was set to -1 are not local.
 *
 * `local_stamp()` is a function of the connection (client/db/database.ts): the clock's stamp of the running transaction.
 * A writer without it fails with "no such function" instead of leaving an edit unrecorded.
 */
import type { Table } from './column.ts';

export function captureTriggers(name: string, table: Table): string[] {
  const columns = Object.keys(table.columns);
  return [captureInsert(name), captureUpdate(name, columns), captureDelete(name, columns), forget(name)];
}

/** All columns are dirty, so none is listed. After a pending delete, the row goes on from the base that had. */
function captureInsert(name: string): string {
  return `CREATE TRIGGER ${name}_inserted AFTER INSERT ON ${name} WHEN NEW._seq = 0 BEGIN
  INSERT INTO outbox (tbl, id, op, stamp, since, base_seq)
  VALUES ('${name}', NEW.id, 'insert', local_stamp(), local_stamp(), 0)
  ON CONFLICT (tbl, id) DO UPDATE SET op = 'insert', stamp = excluded.stamp, since = excluded.since, stamps = NULL, base = NULL;
END`;
}

/**
 * Adds the columns that changed. A column that was dirty before keeps its first base and takes the new stamp:
 * `json_patch` lets its second argument win and drops nulls, which here are the columns that did not change.
 */
function captureUpdate(name: string, columns: readonly string[]): string {
  const changed = (column: string) => `NEW.${column} IS NOT OLD.${column}`;
  const stamps = columns.map((column) => `'${column}', CASE WHEN ${changed(column)} THEN local_stamp() END`);
  const bases = columns.map(
    (column) => `'${column}', json(CASE WHEN ${changed(column)} THEN json_array(OLD._seq, OLD.${column}) END)`,
  );
  return `CREATE TRIGGER ${name}_updated AFTER UPDATE ON ${name}
WHEN NEW._seq = OLD._seq AND (${columns.map(changed).join(' OR ')}) BEGIN
  INSERT INTO outbox (tbl, id, op, stamp, since, stamps, base, base_seq)
  VALUES ('${name}', NEW.id, 'update', local_stamp(), local_stamp(),
    json_patch('{}', json_object(${stamps.join(', ')})),
    json_patch('{}', json_object(${bases.join(', ')})),
    OLD._seq)
  ON CONFLICT (tbl, id) DO UPDATE SET stamp = excluded.stamp,
    stamps = json_patch(coalesce(outbox.stamps, '{}'), excluded.stamps),
    base = CASE outbox.op WHEN 'update' THEN json_patch(excluded.base, outbox.base) END;
END`;
}

/** Keeps the whole row, so that a delete that the server refuses can be undone. */
function captureDelete(name: string, columns: readonly string[]): string {
  const row = columns.map((column) => `'${column}', OLD.${column}`).join(', ');
  return `CREATE TRIGGER ${name}_deleted AFTER DELETE ON ${name} WHEN OLD._seq >= 0 BEGIN
  INSERT INTO outbox (tbl, id, op, stamp, since, base, base_seq)
  VALUES ('${name}', OLD.id, 'delete', local_stamp(), local_stamp(), json_object(${row}), OLD._seq)
  ON CONFLICT (tbl, id) DO UPDATE SET op = 'delete', stamp = excluded.stamp, since = excluded.since, stamps = NULL, base = excluded.base;
END`;
}

/** Whatever takes a row away. One that is made anew under its id has all its values, and all of them wait. */
function forget(name: string): string {
  return `CREATE TRIGGER ${name}_gone AFTER DELETE ON ${name} BEGIN
  DELETE FROM unfilled_value WHERE tbl = '${name}' AND id = OLD.id;
  DELETE FROM answered_edit WHERE tbl = '${name}' AND id = OLD.id;
END`;
}
