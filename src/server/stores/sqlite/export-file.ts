/** An account's rows as a SQLite file that any tool opens: a table each, its declared columns, no bookkeeping. */
import Database from 'better-sqlite3';
import { currentSchema } from '../../../schema/tables.ts';
import type { StoredValues } from '../../account-store.ts';

/** `file` must not exist yet. Each page is written as it comes. */
export async function writeExportFile(
  file: string,
  pages: AsyncIterable<{ readonly table: string; readonly rows: readonly StoredValues[] }>,
): Promise<void> {
  const database = new Database(file);
  try {
    // Nobody else reads it before it is whole, and it can be made again.
    database.pragma('journal_mode = off');
    database.pragma('synchronous = off');
    for (const table of currentSchema.syncOrder) database.exec(createTable(table));
    for await (const { table, rows } of pages) {
      const columns = currentSchema.columnsOf(table);
      const marks = ['?', ...columns.map(() => '?')].join(', ');
      const insert = database.prepare(`INSERT INTO ${table} VALUES (${marks})`);
      database.transaction(() => {
        for (const { id, values } of rows) insert.run(id, ...columns.map((column) => values[column] ?? null));
      })();
    }
  } finally {
    database.close();
  }
}

/** Names are those of the declaration. */
function createTable(table: string): string {
  const { columns } = currentSchema.tableOf(table)!;
  const declared = Object.entries(columns).map(([name, { type }]) => `${name} ${type.toUpperCase()}`);
  return `CREATE TABLE ${table} (${['id TEXT PRIMARY KEY', ...declared].join(', ')})`;
}
