/**
 * Direct mode: the page's own pool file opened in the service worker, where no synchronous handle exists. The file (and a
 * write-ahead log that a killed worker left) is read into SQLite's memory file system; `persist` swaps the changed pages
 * back. The caller holds the lock `lorikeet-db` all the while (I8).
 *
 * Order matters. A left-over log is first folded into the main file by a swap whose content is just what replaying the
 * log gives; then the log is emptied; only then are new changes written. Replaying an old log over newer pages would
 * corrupt the file, and so a kill between any two steps must find either no log or one that changes nothing.
 */
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { err, ok, type Result } from '../../../base/result.ts';
import type { Failure } from '../../../protocol/errors.ts';
import { StorageError, type Driver, type NewRows } from '../driver.ts';
import { emptyPoolFile, findPoolFiles, readPoolFile, swapPoolFile, type PoolFile } from './pool-files.ts';
import { openWasmHandle } from './wasm-statement.ts';

interface ImageOptions {
  readonly sqlite3: Sqlite3Static;
  /** The pool's directory in OPFS. */
  readonly pool: FileSystemDirectoryHandle;
  /** The database's path in the pool, with its leading slash. */
  readonly path: string;
  /** Larger files are left to a page: memory is about three times the file. Bytes. */
  readonly maxBytes: number;
}

/** Null when the pool has no such database yet. Fails with `storage_busy` when the file needs its page. */
export async function openImage(options: ImageOptions): Promise<Result<Driver | null, Failure>> {
  try {
    const files = await findPoolFiles(options.pool);
    const main = files.get(options.path);
    if (!main || main.size === 0) return ok(null);
    const log = files.get(`${options.path}-wal`);
    const journal = files.get(`${options.path}-journal`);
    if (journal && journal.size > 0) return err({ code: 'storage_busy', detail: 'a rollback journal is left' });
    if (main.size + (log?.size ?? 0) > options.maxBytes) return err({ code: 'storage_too_large' });
    return ok(await ImageDriver.open(options.sqlite3, { main, log }));
  } catch (error) {
    // Before the first start of a page there is no pool.
    if (error instanceof DOMException && error.name === 'NotFoundError') return ok(null);
    return err(asFailure(error));
  }
}

/** Where the image lives in the memory file system; one is open at a time, under the lock. */
const imagePath = '/image.db';

class ImageDriver implements Driver {
  readonly kind = 'opfs-image';
  readonly fullText = 'fts5';
  readonly #sqlite3: Sqlite3Static;
  readonly #file: PoolFile;
  readonly #db: InstanceType<Sqlite3Static['oo1']['DB']>;
  readonly #handle: ReturnType<typeof openWasmHandle>;
  /** What the file holds. */
  #stored: Uint8Array<ArrayBuffer>;

  static async open(
    sqlite3: Sqlite3Static,
    files: { main: PoolFile; log: PoolFile | undefined },
  ): Promise<ImageDriver> {
    const { main, log } = files;
    const stored = await readPoolFile(main);
    const left = log && log.size > 0 ? await readPoolFile(log) : null;
    sqlite3.capi.sqlite3_js_posix_create_file(imagePath, stored);
    sqlite3.capi.sqlite3_js_posix_create_file(`${imagePath}-wal`, left ?? new Uint8Array());
    const driver = new ImageDriver(sqlite3, main, stored);
    if (log && left) {
      await driver.#swap();
      await emptyPoolFile(log);
    }
    return driver;
  }

  private constructor(sqlite3: Sqlite3Static, file: PoolFile, stored: Uint8Array<ArrayBuffer>) {
    this.#sqlite3 = sqlite3;
    this.#file = file;
    this.#stored = stored;
    this.#db = new sqlite3.oo1.DB(imagePath, 'w');
    this.#handle = openWasmHandle({ sqlite3, db: this.#db.pointer! });
    // Without shared memory, a file in WAL mode opens only for one connection.
    this.#handle.exec('PRAGMA locking_mode = exclusive; PRAGMA temp_store = memory');
  }

  exec(sql: string): void {
    this.#handle.exec(sql);
  }

  prepare(sql: string): ReturnType<Driver['prepare']> {
    return this.#handle.prepare(sql);
  }

  defineFunction(name: string, value: () => number): void {
    this.#handle.defineFunction(name, value);
  }

  insertNew(insert: NewRows): number[] {
    return this.#handle.insertNew(insert);
  }

  async persist(): Promise<Result<null, Failure>> {
    try {
      await this.#swap();
      return ok(null);
    } catch (error) {
      return err(asFailure(error));
    }
  }

  close(): Promise<void> {
    this.#handle.finalizeAll();
    this.#db.close();
    return Promise.resolve();
  }

  async #swap(): Promise<void> {
    const after = this.#sqlite3.capi.sqlite3_js_db_export(this.#db);
    await swapPoolFile(this.#file, { before: this.#stored, after, pageBytes: pageBytes(after) });
    this.#stored = after;
  }
}

/** Bytes 16 and 17 of a SQLite file, big-endian; 1 stands for 65,536. */
function pageBytes(image: Uint8Array): number {
  const size = (image[16]! << 8) | image[17]!;
  return size === 1 ? 65_536 : size;
}

function asFailure(error: unknown): Failure {
  const detail = String(error);
  if (error instanceof StorageError) return { code: error.code, detail };
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'QuotaExceededError') return { code: 'storage_full', detail };
  // A page's worker still has its handles: terminated, but not gone yet.
  if (name === 'NoModificationAllowedError') return { code: 'storage_busy', detail };
  return { code: 'storage_failed', detail };
}
