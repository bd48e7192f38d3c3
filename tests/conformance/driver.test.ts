/** The driver suite on every implementation: the pool of a page on a disk in memory. */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { openOpfsPool, startSqlite } from '../../src/client/db/drivers/opfs-pool.ts';
import { FakeDisk, initBrowserSqlite } from '../support/fake-sync-opfs.ts';
import { openSqlJs, openWasmInMemory } from '../support/memory-drivers.ts';
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
  open: () => openSqlJs(indexedDB),
});

let disk = new FakeDisk();
describeDriver({
  name: 'on the pool of sqlite-wasm',
  persistent: true,
  reset: () => {
    disk = new FakeDisk();
    disk.mount();
    return Promise.resolve();
  },
  open: () => openOpfsPool({ wait: nothing, sqlite: startSqlite(initBrowserSqlite) }),
});
