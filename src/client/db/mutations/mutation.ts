/** What every mutation gets and gives, and the check of its arguments against the declaration of their table. */
import { err, ok, type Result } from '../../../base/result.ts';
import type { Value } from '../../../base/value.ts';
import type { Values } from '../../../schema/column.ts';
import { columnsOf, tableOf, type TableName } from '../../../schema/tables.ts';
import { explainMisfit, isId } from '../../../schema/validate.ts';
import type { DatabaseFailure, MutationName, Mutations } from '../api.ts';
import type { WriteSql } from '../database.ts';

export interface MutationContext {
  readonly sql: WriteSql;
  /** For what has no row of its own to be named after: a new device id. */
  readonly newId: () => string;
}

export type Outcome = Result<null, DatabaseFailure>;
/** A result that is a failure, whatever a success would have held. */
export type Failed = Extract<Outcome, { readonly ok: false }>;
export type Mutation<M extends MutationName> = (context: MutationContext, args: Mutations[M]) => Outcome;

export const done: Outcome = ok(null);

export function invalid(detail: string): Failed {
  return err({ code: 'invalid', detail });
}

/** The first value that breaks the declaration, as a failure, or null. `id` is checked as an id. */
export function misfit(table: TableName, values: Readonly<Record<string, Value>>): Failed | null {
  for (const [name, value] of Object.entries(values)) {
    if (name === 'id') {
      if (typeof value !== 'string' || !isId(value)) return invalid(`${table}.id must be a short printable id`);
      continue;
    }
    const column = tableOf(table)?.columns[name];
    const why = column ? explainMisfit(column, value) : 'is not a column';
    if (why !== null) return invalid(`${table}.${name} ${why}`);
  }
  return null;
}

/** A row with its id and every declared column, in their order, each as declared. */
export function wholeRow(table: TableName, values: Readonly<Record<string, Value>>): Result<Values, DatabaseFailure> {
  const row: Record<string, Value> = {};
  for (const name of ['id', ...columnsOf(table)]) {
    if (!Object.hasOwn(values, name)) return invalid(`${table}.${name} is missing`);
    row[name] = values[name]!;
  }
  const wrong = misfit(table, row);
  return wrong ?? ok(row);
}

export function exists(sql: WriteSql, table: TableName, id: string): boolean {
  return sql.arrays(`SELECT 1 FROM ${table} WHERE id = ?`, [id]).length > 0;
}

/** Inserts a whole row unless its id is there. Says whether it was inserted. */
export function insertNew(sql: WriteSql, table: TableName, row: Readonly<Record<string, Value>>): boolean {
  return sql.run(insertStatement(table, Object.keys(row)), Object.values(row)) > 0;
}

/** The same for many rows of the same columns. */
export function insertAllNew(sql: WriteSql, table: TableName, rows: readonly Readonly<Record<string, Value>>[]): void {
  const [first] = rows;
  if (first)
    sql.runMany(
      insertStatement(table, Object.keys(first)),
      rows.map((row) => Object.values(row)),
    );
}

function insertStatement(table: TableName, columns: readonly string[]): string {
  const marks = columns.map(() => '?').join(', ');
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks}) ON CONFLICT (id) DO NOTHING`;
}
