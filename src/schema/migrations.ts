/**
 * Client migrations, forward only, by `PRAGMA user_version`. A new file is made from the declaration. An older one goes
 * through the steps that it lacks, which are frozen text: they know tables, columns and data. Indexes and triggers hold
 * no data, so they are not migrated but made anew where they differ from the declaration. Triggers are away while the steps
 * run: what a step writes is not a person's edit, and must not reach the outbox.
 */
import { err, ok, type Result } from '../base/result.ts';
import { createIndexes, createSchema, createTriggers, type FullTextModule } from './ddl.ts';
import type { Schema } from './schema.ts';
import { currentSchema } from './tables.ts';

/** A row of `sqlite_schema`; `sql` is null for what SQLite made by itself. */
export interface StoredObject {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

export interface ClientFile {
  /** `PRAGMA user_version`; 0 for an empty file. */
  readonly version: number;
  readonly objects: readonly StoredObject[];
  /** Columns that a table has as it is stored; none where there is no such table. */
  columnsOf(table: string): readonly string[];
  readonly fullText: FullTextModule;
}

/** The statements that bring a file to the schema, to be run in one transaction. None where it is there already. */
export function migrationPlan(file: ClientFile, schema: Schema = currentSchema): Result<readonly string[], 'newer'> {
  if (file.version > schema.version) return err('newer');
  if (file.version === schema.version) return ok([]);
  const statements = file.version === 0 ? createSchema(file.fullText, schema) : upgrade(file, schema);
  return ok([...statements, `PRAGMA user_version = ${schema.version}`]);
}

function upgrade(file: ClientFile, schema: Schema): string[] {
  const { version, objects, fullText } = file;
  const declared = createIndexes(schema);
  const indexes = objects.filter(({ type, sql }) => type === 'index' && sql !== null);
  const present = new Set(indexes.map(({ sql }) => sql));
  return [
    ...objects.filter(({ type }) => type === 'trigger').map(({ name }) => `DROP TRIGGER ${name}`),
    ...indexes.filter(({ sql }) => !declared.includes(sql!)).map(({ name }) => `DROP INDEX ${name}`),
    ...schema.steps.slice(version - 1).flatMap(({ statements }) => statements),
    ...askForRefill(file, schema),
    ...declared.filter((sql) => !present.has(sql)),
    ...createTriggers(fullText, schema),
  ];
}

/**
 * What the older version was sent and had no place for has to come again (client/db/refill.ts). Its rows lack the values
 * of the new columns until then, also those that wait to be sent: another device may have made the same row.
 */
function askForRefill(file: ClientFile, { tables, columnsOf }: Schema): string[] {
  const added = Object.keys(tables).flatMap((table) => {
    const stored = file.columnsOf(table);
    const missing = columnsOf(table).filter((column) => !stored.includes(column));
    return missing.length === 0 ? [] : [{ table, missing: stored.length === 0 ? [] : missing }];
  });
  if (added.length === 0) return [];
  const unfilled = added.flatMap(({ table, missing }) => missing.map((column) => [table, column] as const));
  return [
    ...unfilled.map(
      ([table, column]) =>
        `INSERT INTO unfilled_value (tbl, id, col) SELECT '${table}', id, '${column}' FROM ${table} WHERE true ON CONFLICT DO NOTHING`,
    ),
    // A refill that is under way begins anew, from where the cursor was before it.
    'UPDATE sync_state SET cursor = max(cursor, coalesce(refill, 0)), refill = 0 WHERE max(cursor, coalesce(refill, 0)) > 0',
  ];
}
