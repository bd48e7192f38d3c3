/**
 * SQLite on the origin's private files, in a dedicated worker: sqlite-wasm with its pool of synchronous access handles.
 * Must be opened only while the Web Lock `lorikeet-db` is held (I8). The service worker reads the same pool directory in
 * opfs-image.ts.
 *
 * WAL with exclusive locking needs no shared memory, and is 30 times faster for single writes than the default journal.
 * With `synchronous=normal` a commit survives every kill of the browser; a power cut may take the last ones.
 */
import initSqlite, { type Sqlite3Static, type SAHPoolUtil } from '@sqlite.org/sqlite-wasm';
import { ok } from '../../../base/result.ts';
import { StorageError, type Driver } from '../driver.ts';
import { joinLogWrites } from './wasm-log.ts';
import { openWasmHandle } from './wasm-statement.ts';

/** The directory of the pool in OPFS, and the name of the database in the pool. */
export const poolDirectory = '/lorikeet';
export const poolFile = '/lorikeet.db';

export interface OpfsPoolOptions {
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Other than the app's own, for tests. */
  readonly directory?: string;
  readonly sqlite?: StartedSqlite;
}

export interface StartedSqlite {
  readonly started: Promise<Sqlite3Static>;
  readonly space: SpaceWatch;
}

/** The database, its WAL, the journal of the moment before WAL is set, and one to spare. */
const poolFiles = 4;
/** A worker that was terminated lets its lock go before its file handles: for so many tries they may be held still. */
const openTries = 40;
const openPause = 50;

const pragmas = [
  // Before WAL: only an exclusive connection can have a WAL without shared memory.
  'PRAGMA locking_mode = exclusive',
  'PRAGMA journal_mode = wal',
  'PRAGMA synchronous = normal',
  'PRAGMA temp_store = memory',
  // Negative: in KiB.
  'PRAGMA cache_size = -16384',
];

/** What only reads goes without the log's methods. Whatever else begins otherwise may write. */
const question = /^\s*(?:SELECT|WITH|PRAGMA)\b/i;

/** Loads and starts SQLite; touches no file, so it may begin before the lock is held. */
export function startSqlite(init: () => Promise<Sqlite3Static> = () => initSqlite()): StartedSqlite {
  const space = createSpaceWatch();
  configureSqlite(space);
  const started = init();
  // Whoever opens the pool hears of it.
  started.catch(() => undefined);
  return { started, space };
}

/** Throws `StorageError` when the files cannot be had. */
export async function openOpfsPool(options: OpfsPoolOptions): Promise<Driver> {
  const { started, space } = options.sqlite ?? startSqlite();
  const sqlite3 = await started;
  const pool = await installPool(sqlite3, options);
  try {
    return openDatabase({ sqlite3, pool, space });
  } catch (cause) {
    pool.pauseVfs();
    throw asStorageError(cause);
  }
}

function openDatabase({
  sqlite3,
  pool,
  space,
}: {
  sqlite3: Sqlite3Static;
  pool: SAHPoolUtil;
  space: SpaceWatch;
}): Driver {
  const db = new pool.OpfsSAHPoolDb(poolFile);
  const handle = openWasmHandle({ sqlite3, db: Number(db.pointer), outOfSpace: space.ranOut });
  let freeLog: (() => void) | null = null;
  /** Made when it is first written: a start that only reads is the sooner there. */
  const beforeWriting = (sql: string): void => {
    if (freeLog !== null || question.test(sql)) return;
    // Reads: only then does SQLite open the log.
    handle.exec('PRAGMA schema_version');
    freeLog = joinLogWrites({ sqlite3, db: Number(db.pointer) });
  };
  const close = (): void => {
    handle.finalizeAll();
    db.close();
    freeLog?.();
  };
  try {
    for (const pragma of pragmas) handle.exec(pragma);
  } catch (cause) {
    close();
    throw cause;
  }
  return {
    kind: 'opfs-pool',
    fullText: 'fts5',
    exec: (sql) => {
      beforeWriting(sql);
      handle.exec(sql);
    },
    prepare: (sql) => {
      beforeWriting(sql);
      return handle.prepare(sql);
    },
    defineFunction: handle.defineFunction,
    insertNew: handle.insertNew,
    persist: () => Promise.resolve(ok(null)),
    close: () => {
      close();
      pool.pauseVfs();
      return Promise.resolve();
    },
  };
}

/**
 * SQLite says only "disk I/O error" when the quota is used up: the pool's error log has the reason. A write that comes
 * back short without an exception ("Unknown write() failure") is a full disk too.
 */
interface SpaceWatch {
  readonly log: (...parts: unknown[]) => void;
  /** Whether space has run out since the last call. */
  readonly ranOut: () => boolean;
}

function createSpaceWatch(): SpaceWatch {
  let full = false;
  return {
    log: (...parts) => {
      if (parts.some(isOutOfSpace)) full = true;
    },
    ranOut: () => {
      const was = full;
      full = false;
      return was;
    },
  };
}

function isOutOfSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'QuotaExceededError' || error.message.includes('Unknown write() failure');
}

/** `sqlite3ApiConfig` is how sqlite-wasm is configured: it reads this global once, when it starts. */
function configureSqlite(space: SpaceWatch): void {
  const quiet = (): void => undefined;
  Object.assign(globalThis, {
    sqlite3ApiConfig: {
      // Unused; with COOP/COEP their start hung in Firefox (152) in 7 of 100 tries. They also start a worker of their own.
      disable: { vfs: { opfs: true, 'opfs-vfs': true, 'opfs-wl': true, kvvfs: true } },
      error: space.log,
      warn: quiet,
      log: quiet,
      debug: quiet,
    },
  });
}

async function installPool(sqlite3: Sqlite3Static, options: OpfsPoolOptions): Promise<SAHPoolUtil> {
  const install = {
    directory: options.directory ?? poolDirectory,
    initialCapacity: poolFiles,
    // Without this the pool deletes the database when another page still holds its files (seen with the bfcache on).
    preserveOnInitFailure: true,
    forceReinitIfPreviouslyFailed: true,
  };
  for (let tries = 1; ; tries++) {
    try {
      const pool = await sqlite3.installOpfsSAHPoolVfs(install);
      await pool.reserveMinimumCapacity(poolFiles);
      return pool;
    } catch (cause) {
      if (tries === openTries || !isHeldElsewhere(cause)) throw asStorageError(cause);
      await options.wait(openPause);
    }
  }
}

function isHeldElsewhere(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'NoModificationAllowedError';
}

function asStorageError(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new StorageError(isOutOfSpace(cause) ? 'storage_full' : 'storage_failed', message, { cause });
}
