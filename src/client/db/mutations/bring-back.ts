/**
 * Bringing back a row that is deleted, with what is known of it. Whole, it is simply inserted. Otherwise the server still
 * has the rest (a tombstone keeps its columns): an edit that knows of the deletion brings the row back there, and the next
 * sync brings it here whole. Until then the unknown columns hold stand-ins, which are not sent.
 */
import type { Value } from '../../../base/value.ts';
import type { Column, Values } from '../../../schema/column.ts';
import { columnsOf, tableOf, tables, type TableName } from '../../../schema/tables.ts';
import type { ReadSql, WriteSql } from '../database.ts';
import { readValues } from '../stored-json.ts';
import { done, insertNew, invalid, misfit, wholeRow, type Outcome } from './mutation.ts';

export interface RowPlace {
  readonly table: TableName;
  readonly id: string;
}

export function bringBack(sql: WriteSql, { table, id, values }: RowPlace & { readonly values: Values }): Outcome {
  const whole = wholeRow(table, { ...deletedHere(sql, { table, id }), ...values, id });
  if (whole.ok) {
    insertNew(sql, table, whole.value);
    return done;
  }
  const wrong = misfit(table, values);
  if (wrong) return wrong;
  const cursor = Number(sql.arrays('SELECT max(cursor, coalesce(refill, 0)) FROM sync_state')[0]?.[0] ?? 0);
  if (tableOf(table)?.appendOnly || cursor === 0 || Object.keys(values).length === 0) {
    return invalid(`${table}: too little is known of the deleted row`);
  }
  insertStandIns(sql, { table, id, values, seq: cursor });
  const edits = Object.keys(values).map((name) => `${name} = ?`);
  sql.run(`UPDATE ${table} SET ${edits.join(', ')} WHERE id = ?`, [...Object.values(values), id]);
  return done;
}

/** A deletion that was not sent yet has the whole row (schema/triggers.ts). */
function deletedHere(sql: ReadSql, { table, id }: RowPlace): Values {
  const [row] = sql.arrays(`SELECT base FROM outbox WHERE tbl = ? AND id = ? AND op = 'delete'`, [table, id]);
  return typeof row?.[0] === 'string' ? readValues(row[0]) : {};
}

/**
 * The row as if the server had sent it, up to `seq`: nothing of it is captured. Where a value is known, the stand-in
 * differs from it, so that the edit that follows is one.
 */
function insertStandIns(sql: WriteSql, row: RowPlace & { readonly values: Values; readonly seq: number }): void {
  const columns: Readonly<Record<string, Column>> = tables[row.table].columns;
  const standIns = columnsOf(row.table).map((name) => standIn(columns[name]!, { name, unlike: row.values[name] }));
  const names = ['id', '_seq', ...columnsOf(row.table)];
  sql.run(`INSERT INTO ${row.table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, [
    row.id,
    row.seq,
    ...standIns,
  ]);
}

function standIn(column: Column, { name, unlike }: { name: string; unlike: Value | undefined }): Value {
  const candidates: Value[] = [];
  if (column.default !== undefined) candidates.push(column.default);
  if (column.type !== 'text') candidates.push(column.min, column.min + 1);
  else if (column.enum) candidates.push(...column.enum);
  else if (name.endsWith('language')) candidates.push('und', 'mul');
  else candidates.push('…', '… …');
  return candidates.find((candidate) => candidate !== unlike)!;
}
