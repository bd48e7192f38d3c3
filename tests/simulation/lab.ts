/** What all runs of a process share and what is dear to make: a directory in memory, instances of sqlite-wasm, empty files. */
import initSqlite, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import BetterSqlite from 'better-sqlite3';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDatabaseFile } from '../../src/server/stores/sqlite/database-file.ts';
import { emptyClientFile } from '../support/client-file.ts';

export interface Lab {
  /** Where the devices' files are. */
  readonly directory: string;
  /** One for each device: the image's path in memory is always the same. */
  readonly sqlite3: readonly Sqlite3Static[];
  /** A client database of the present schema, with `statements` run on it. */
  emptyFile(statements: readonly string[]): Uint8Array;
  /** A server's database of the present schema. */
  readonly emptyServer: Buffer;
  close(): void;
}

export const mostDevices = 3;

export async function openLab(): Promise<Lab> {
  const shared = '/dev/shm';
  const directory = mkdtempSync(path.join(existsSync(shared) ? shared : tmpdir(), 'lorikeet-simulation-'));
  const sqlite3 = await Promise.all(Array.from({ length: mostDevices }, () => initSqlite()));
  const files = new Map<string, Uint8Array>();
  return {
    directory,
    sqlite3,
    emptyServer: emptyServerFile(),
    emptyFile(statements) {
      const key = statements.join(';');
      const file = files.get(key) ?? changedFile(emptyClientFile(), statements);
      files.set(key, file);
      return file;
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function emptyServerFile(): Buffer {
  const opened = openDatabaseFile(':memory:');
  if (!opened.ok) throw new Error(opened.error);
  const bytes = opened.value.serialize();
  opened.value.close();
  return bytes;
}

function changedFile(empty: Uint8Array, statements: readonly string[]): Uint8Array {
  if (statements.length === 0) return empty;
  // A file in WAL mode cannot be opened from memory: the two bytes that say so are set while it is changed.
  const bytes = Buffer.from(empty);
  bytes.fill(1, 18, 20);
  const database = new BetterSqlite(bytes);
  for (const sql of statements) database.exec(sql);
  const changed = database.serialize();
  database.close();
  changed.fill(2, 18, 20);
  return changed;
}
