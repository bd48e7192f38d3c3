/** The driver suite on every implementation that runs in Node; opfs-pool runs it in a browser (tests/browser). */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import initSqlite from '@sqlite.org/sqlite-wasm';
import initSqlJs from 'sql.js';
import { ok } from '../../src/base/result.ts';
import type { Driver } from '../../src/client/db/driver.ts';
import { openIndexedDb } from '../../src/client/db/drivers/indexeddb.ts';
import { openWasmHandle } from '../../src/client/db/drivers/wasm-statement.ts';
import { openNodeDriver } from '../support/node-driver.ts';
import { describeDriver } from './driver.ts';

const nothing = (): Promise<void> => Promise.resolve();

describeDriver({
  name: 'on better-sqlite3 (tests)',
  persistent: false,
  reset: nothing,
  open: () => Promise.resolve(openNodeDriver()),
});

describeDriver({ name: 'on sqlite-wasm in memory', persistent: false, reset: nothing, open: openWasmInMemory });

let indexedDB = new IDBFactory();
describeDriver({
  name: 'on sql.js with IndexedDB',
  persistent: true,
  losesByteOrderMark: true,
  reset: () => {
    indexedDB = new IDBFactory();
    return Promise.resolve();
  },
  open: () => openIndexedDb({ load: () => initSqlJs(), indexedDB }),
});

async function openWasmInMemory(): Promise<Driver> {
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
