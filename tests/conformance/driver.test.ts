/** The driver suite on every implementation that runs in Node; opfs-pool runs it in a browser (tests/browser). */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
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
