/**
 * The suites of `Driver` and `SyncStore` on the image of a pool file, in the place where the app opens it: a service
 * worker, with the browser's own files and swaps.
 */
import initSqlite, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { Driver } from '../../../src/client/db/driver.ts';
import { openImage } from '../../../src/client/db/drivers/opfs-image.ts';
import { describeDriver } from '../../conformance/driver.ts';
import { describeSyncStore } from '../../conformance/sync-store.ts';
import { openStoreOn } from './open-store.ts';
import { runSuites } from './run-suites.ts';

/** The library with its own name for it cannot be had beside that of the page. */
interface RunEvent extends MessageEvent {
  waitUntil(work: Promise<void>): void;
}

const directory = 'suites-image';
const path = '/lorikeet.db';
/** Of a pool file; the path comes first. */
const headerBytes = 4_096;

/** A pool as a worker leaves it that has made a database and written nothing: one empty page, in WAL mode. */
async function makePool(sqlite3: Sqlite3Static): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(directory, { recursive: true }).catch(() => undefined);
  const pool = await root.getDirectoryHandle(directory, { create: true });
  const opaque = await pool.getDirectoryHandle('.opaque', { create: true });
  const file = await opaque.getFileHandle('one', { create: true });
  const writable = await file.createWritable();
  await writable.write({ type: 'write', position: 0, data: new TextEncoder().encode(path) });
  await writable.write({ type: 'write', position: headerBytes, data: emptyDatabase(sqlite3) });
  await writable.close();
}

function emptyDatabase(sqlite3: Sqlite3Static): Uint8Array<ArrayBuffer> {
  const db = new sqlite3.oo1.DB(':memory:');
  db.exec('CREATE TABLE t (a); DROP TABLE t; VACUUM');
  const bytes = sqlite3.capi.sqlite3_js_db_export(db);
  db.close();
  // The versions for writing and reading: 2 is WAL.
  bytes.set([2, 2], 18);
  return bytes;
}

async function open(sqlite3: Sqlite3Static): Promise<Driver> {
  const root = await navigator.storage.getDirectory();
  const pool = await root.getDirectoryHandle(directory);
  const image = await openImage({ sqlite3, pool, path, maxBytes: 1e9 });
  if (!image.ok || !image.value) throw new Error(`the image does not open: ${JSON.stringify(image)}`);
  return image.value;
}

async function run(port: MessagePort): Promise<void> {
  const sqlite3 = await initSqlite();
  const outcomes = await runSuites(() => {
    describeDriver({
      name: 'on an image of the pool file',
      persistent: true,
      reset: () => makePool(sqlite3),
      open: () => open(sqlite3),
    });
    describeSyncStore({
      name: 'on an image of the pool file',
      open: async (now) => {
        await makePool(sqlite3);
        return openStoreOn(await open(sqlite3), now);
      },
    });
  });
  port.postMessage(outcomes);
}

self.addEventListener('message', (event) => {
  const [port] = event.ports;
  if (port) (event as RunEvent).waitUntil(run(port));
});
