/**
 * Direct mode: with no page that has the database, the service worker takes the lock and opens the same file itself
 * (I8). It gives way as soon as a page wants the storage.
 */
import type { Result } from '../base/result.ts';
import { Database } from '../client/db/database.ts';
import { openImage } from '../client/db/drivers/opfs-image.ts';
import { createSyncStore } from '../client/db/sync-store.ts';
import { databaseLock } from '../client/sw-messages.ts';
import type { Failure } from '../protocol/errors.ts';
import type { Schema } from '../schema/schema.ts';
import { currentSchema } from '../schema/tables.ts';
import type { Clock, SyncStore } from '../sync/ports.ts';
import type { Outcome } from '../sync/machine.ts';

/** Memory is about three times the file: a larger database waits for the next open. Bytes. */
const largestImage = 128 * 1024 * 1024;

type SqliteLoader = () => Promise<Parameters<typeof openImage>[0]['sqlite3']>;

interface DirectOptions {
  readonly locks: LockManager;
  readonly loadSqlite: SqliteLoader;
  readonly poolDirectory: string;
  readonly databasePath: string;
  readonly clock: Clock;
  readonly newId: () => string;
  /** What the file is brought to; the app's own unless a test has several versions. */
  readonly schema?: Schema;
}

/** Null: another has the lock, or the file needs its page. A failure: the file cannot be opened here. */
export type DirectRun = (work: (store: SyncStore) => Promise<Outcome>) => Promise<Outcome | Failure | null>;

/** The same for any work on what is stored. `no-account`: there is no database here. */
type DirectAccess = <T>(
  work: (store: SyncStore, database: Pick<Database, 'read'>) => Promise<T>,
) => Promise<T | { readonly kind: 'no-account' } | Failure | null>;

export function createDirectRun({ schema = currentSchema, ...options }: DirectOptions): DirectAccess {
  return async (work) =>
    options.locks.request(databaseLock, { ifAvailable: true }, async (lock) => {
      if (!lock) return null;
      const root = await navigator.storage.getDirectory();
      const pool = await poolIn(root, options.poolDirectory);
      if (!pool) return { kind: 'no-account' };
      const sqlite3 = await options.loadSqlite();
      const image = await openImage({ sqlite3, pool, path: options.databasePath, maxBytes: largestImage });
      if (!image.ok) return image.error.code === 'storage_busy' ? null : image.error;
      if (!image.value) return { kind: 'no-account' };
      const opened: Result<Database, 'newer'> = Database.open({
        driver: image.value,
        clock: options.clock,
        newId: options.newId,
        schema,
      });
      if (!opened.ok) {
        // A newer version of the app has migrated the file; this service worker is about to be replaced.
        await image.value.close();
        return null;
      }
      try {
        return await work(createSyncStore(opened.value), opened.value);
      } finally {
        await opened.value.close();
      }
    });
}

async function poolIn(root: FileSystemDirectoryHandle, name: string): Promise<FileSystemDirectoryHandle | null> {
  try {
    return await root.getDirectoryHandle(name);
  } catch {
    return null; // No page was ever opened here.
  }
}
