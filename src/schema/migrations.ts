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
  readonly fullText: FullTextModule;
}

/** The statements that bring a file to the schema, to be run in one transaction. None where it is there already. */
export function migrationPlan(file: ClientFile, schema: Schema = currentSchema): Result<readonly string[], 'newer'> {
  if (file.version > schema.version) return err('newer');
  if (file.version === schema.version) return ok([]);
  const statements = file.version === 0 ? createSchema(file.fullText, schema) : upgrade(file, schema);
  return ok([...statements, `PRAGMA user_version = ${schema.version}`]);
}

function upgrade({ version, objects, fullText }: ClientFile, schema: Schema): string[] {
  const declared = createIndexes(schema);
  const indexes = objects.filter(({ type, sql }) => type === 'index' && sql !== null);
  const present = new Set(indexes.map(({ sql }) => sql));
  return [
    ...objects.filter(({ type }) => type === 'trigger').map(({ name }) => `DROP TRIGGER ${name}`),
    ...indexes.filter(({ sql }) => !declared.includes(sql!)).map(({ name }) => `DROP INDEX ${name}`),
    ...schema.steps.slice(version - 1).flatMap(({ statements }) => statements),
    ...declared.filter((sql) => !present.has(sql)),
    ...createTriggers(fullText, schema),
  ];
}
