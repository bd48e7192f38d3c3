/** Part 2's ceiling: plain sqlite-wasm opens the app's own file, with the app's settings, and runs one query. */
import sqlite3InitModule, { type SAHPoolUtil, type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { poolDirectory, poolFile } from '../../../src/client/db/drivers/opfs-pool.ts';

const pause = 10;

Object.assign(globalThis, {
  sqlite3ApiConfig: { disable: { vfs: { opfs: true, 'opfs-vfs': true, 'opfs-wl': true, kvvfs: true } } },
});

self.onmessage = ({ data: sql }: MessageEvent<string>) => {
  void read(sql).then((rows) => self.postMessage(rows));
};

async function read(sql: string): Promise<readonly unknown[]> {
  const sqlite3 = await sqlite3InitModule();
  const pool = await install(sqlite3);
  const db = new pool.OpfsSAHPoolDb(poolFile);
  for (const pragma of ['locking_mode = exclusive', 'journal_mode = wal', 'synchronous = normal']) {
    db.exec(`PRAGMA ${pragma}`);
  }
  return db.selectArrays(sql, [50, 0]);
}

/** After a reload the worker before may hold the files for a moment. */
async function install(sqlite3: Sqlite3Static): Promise<SAHPoolUtil> {
  for (;;) {
    try {
      return await sqlite3.installOpfsSAHPoolVfs({
        ...{ directory: poolDirectory, initialCapacity: 4 },
        ...{ preserveOnInitFailure: true, forceReinitIfPreviouslyFailed: true },
      });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
