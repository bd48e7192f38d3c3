/** Client databases as files: made by a real SQLite, in WAL mode as in the browser. */
import BetterSqlite from 'better-sqlite3';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSchema } from '../../src/schema/ddl.ts';
import { schemaVersion } from '../../src/schema/tables.ts';

/** An empty client database of the present schema. */
export function emptyClientFile(): Uint8Array {
  return clientFiles(() => undefined).database;
}

export interface ClientFiles {
  readonly database: Uint8Array;
  /** As a killed worker leaves it. */
  readonly log: Uint8Array;
}

/** The file and its log at the moment when `write` has committed and nothing was folded back. */
export function clientFiles(write: (connection: BetterSqlite.Database) => void): ClientFiles {
  const directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-client-'));
  const file = path.join(directory, 'client.db');
  const connection = new BetterSqlite(file);
  try {
    connection.function('local_stamp', () => 1);
    connection.pragma('journal_mode = wal');
    connection.pragma('wal_autocheckpoint = 0');
    for (const sql of createSchema('fts5')) connection.exec(sql);
    connection.pragma(`user_version = ${schemaVersion}`);
    connection.pragma('wal_checkpoint(truncate)');
    write(connection);
    return { database: readFileSync(file), log: readFileSync(`${file}-wal`) };
  } finally {
    connection.close();
    rmSync(directory, { recursive: true });
  }
}
