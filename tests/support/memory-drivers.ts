/** The other SQLites of the client in Node, each with an empty database in memory. */
import initSqlite from '@sqlite.org/sqlite-wasm';
import initSqlJs from 'sql.js';
import { IDBFactory } from 'fake-indexeddb';
import { ok } from '../../src/base/result.ts';
import type { Driver } from '../../src/client/db/driver.ts';
import { openIndexedDb } from '../../src/client/db/drivers/indexeddb.ts';
import { openWasmHandle } from '../../src/client/db/drivers/wasm-statement.ts';

export async function openWasmInMemory(): Promise<Driver> {
  const sqlite3 = await initSqlite();
  const db = new sqlite3.oo1.DB(':memory:');
  const { finalizeAll, ...handle } = openWasmHandle({ sqlite3, db: Number(db.pointer) });
  return {
    kind: 'memory',
    fullText: 'fts5',
    ...handle,
    persist: () => Promise.resolve(ok(null)),
    close: () => {
      finalizeAll();
      db.close();
      return Promise.resolve();
    },
  };
}

/** `indexedDB`: where its image is kept; the same one opens the same database again. */
export function openSqlJs(indexedDB: IDBFactory = new IDBFactory()): Promise<Driver> {
  return openIndexedDb({ load: () => initSqlJs(), indexedDB });
}
