/** Opens the database of this browser: on OPFS where it has that, else on IndexedDB, never silently in memory alone. */
import { v7 } from 'uuid';
import { err, ok, type Result } from '../../base/result.ts';
import { detectCapabilities } from '../capabilities.ts';
import type { DatabaseFailure } from './api.ts';
import { Database } from './database.ts';
import { StorageError, type Driver } from './driver.ts';
import { initFrom } from './drivers/compiled-sqlite.ts';
import { openIndexedDb } from './drivers/indexeddb.ts';
import { openOpfsPool, startSqlite, type StartedSqlite } from './drivers/opfs-pool.ts';
import type { OpenedDatabase } from './leader.ts';

export type OpenDatabase = () => Promise<Result<OpenedDatabase, DatabaseFailure>>;

/**
 * Begins what needs no lock, SQLite's start among it, from the code that its page compiles. What it gives opens the
 * database: to be called only in a dedicated worker that holds the Web Lock `lorikeet-db` (I8).
 */
export function prepareDatabase(compiled: Promise<WebAssembly.Module | null>): OpenDatabase {
  const sqlite = hasSyncHandles() ? startSqlite(() => initFrom(compiled)) : null;
  const capabilities = detectCapabilities();
  return async () => openPrepared((await capabilities).opfs ? sqlite : null);
}

async function openPrepared(sqlite: StartedSqlite | null): ReturnType<OpenDatabase> {
  try {
    const driver = await (sqlite ? openOpfsPool({ wait, sqlite }) : openIndexedDb({ load: loadSqlJs, indexedDB }));
    return await openOn(driver, sqlite ? 'opfs' : 'indexeddb');
  } catch (cause) {
    if (cause instanceof StorageError) return err({ code: cause.code, detail: cause.message });
    return err({ code: 'storage_failed', detail: String(cause) });
  }
}

async function openOn(
  driver: Driver,
  storage: OpenedDatabase['storage'],
): Promise<Result<OpenedDatabase, DatabaseFailure>> {
  try {
    const opened = Database.open({ driver, clock: { now: () => Date.now() }, newId: v7 });
    if (opened.ok) return ok({ database: opened.value, storage });
  } catch (cause) {
    await driver.close();
    throw cause;
  }
  await driver.close();
  return err({ code: 'outdated', detail: 'the data was made by a newer version of the app' });
}

async function loadSqlJs() {
  const [{ default: initSqlJs }, { default: wasm }] = await Promise.all([
    import('sql.js'),
    import('sql.js/dist/sql-wasm-browser.wasm?url'),
  ]);
  return initSqlJs({ locateFile: () => wasm });
}

/** Only workers see these; browsers with OPFS but without them are older than 2023. */
function hasSyncHandles(): boolean {
  return typeof FileSystemFileHandle !== 'undefined' && 'createSyncAccessHandle' in FileSystemFileHandle.prototype;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
