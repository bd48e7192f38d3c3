/** The suite of `SyncStore` on every implementation that runs in Node; tests/browser runs it on the pool of a browser. */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import initSqlite from '@sqlite.org/sqlite-wasm';
import initSqlJs from 'sql.js';
import { createPortStore, serveStore } from '../../src/client/adapters/store-over-port.ts';
import { Database } from '../../src/client/db/database.ts';
import type { Driver } from '../../src/client/db/driver.ts';
import { openIndexedDb } from '../../src/client/db/drivers/indexeddb.ts';
import { openImage } from '../../src/client/db/drivers/opfs-image.ts';
import { createSyncStore } from '../../src/client/db/sync-store.ts';
import { emptyClientFile } from '../support/client-file.ts';
import { fakePool } from '../support/fake-opfs.ts';
import { openNodeDriver } from '../support/node-driver.ts';
import type { OpenedSyncStore } from '../support/store-device.ts';
import { describeSyncStore } from './sync-store.ts';

function open(driver: Driver, now: () => number): OpenedSyncStore {
  let ids = 0;
  const opened = Database.open({ driver, clock: { now }, newId: () => `new-${(ids += 1)}` });
  if (!opened.ok) throw new Error('a new file opens');
  return { database: opened.value, store: createSyncStore(opened.value), close: () => opened.value.close() };
}

describeSyncStore({ name: 'on better-sqlite3', open: (now) => Promise.resolve(open(openNodeDriver(), now)) });

describeSyncStore({
  name: 'on sql.js with IndexedDB',
  open: async (now) => open(await openIndexedDb({ load: () => initSqlJs(), indexedDB: new IDBFactory() }), now),
});

describeSyncStore({
  name: 'over a port',
  open: (now) => {
    const served = open(openNodeDriver(), now);
    const { port1, port2 } = new MessageChannel();
    serveStore(port1, served.store);
    const store = createPortStore(port2);
    return Promise.resolve({
      database: served.database,
      store,
      close: async () => {
        store.close();
        port1.close();
        await served.close();
      },
    });
  },
});

describeSyncStore({
  name: 'on an image of the pool file',
  open: async (now) => {
    const sqlite3 = await initSqlite();
    const pool = fakePool({ '/lorikeet.db': emptyClientFile() });
    const image = await openImage({ sqlite3, pool: pool.directory, path: '/lorikeet.db', maxBytes: 1e9 });
    if (!image.ok || !image.value) throw new Error('the image opens');
    return open(image.value, now);
  },
});
