/**
 * SQLite where a browser has no private files (some private windows): sql.js in memory, its image kept in IndexedDB.
 * `persist` stores the whole image in one transaction, so one that is interrupted leaves the former image (I8). Meant
 * for small databases: every persist costs as much as the database is large.
 */
import type { Database as SqlJsDatabase, SqlJsStatic, Statement as SqlJsStatement } from 'sql.js';
import { err, ok, type Result } from '../../../base/result.ts';
import type { Value } from '../../../base/value.ts';
import type { Failure } from '../../../protocol/errors.ts';
import { StorageError, type Driver, type Statement } from '../driver.ts';
import { openImageStore, type ImageStore } from './image-store.ts';

export interface IndexedDbOptions {
  /** Loads sql.js: half a megabyte that only these browsers need. */
  readonly load: () => Promise<SqlJsStatic>;
  readonly indexedDB: IDBFactory;
}

/** Throws `StorageError` when IndexedDB cannot be had: never falls back to memory alone. */
export async function openIndexedDb({ load, indexedDB }: IndexedDbOptions): Promise<Driver> {
  const images = await openImageStore(indexedDB);
  try {
    const image = await images.read();
    const sqlJs = await load();
    return new IndexedDbDriver(images, new sqlJs.Database(image));
  } catch (cause) {
    images.close();
    throw asStorageError(cause);
  }
}

class IndexedDbDriver implements Driver {
  readonly kind = 'indexeddb';
  readonly fullText = 'fts4';
  readonly #images: ImageStore;
  readonly #db: SqlJsDatabase;
  readonly #statements = new Set<SqlJsRunner>();
  readonly #functions: string[] = [];
  /** Whether something was written since the image that was stored last. */
  #dirty = false;
  #storing: Promise<Result<null, Failure>> = Promise.resolve(ok(null));

  constructor(images: ImageStore, db: SqlJsDatabase) {
    this.#images = images;
    this.#db = db;
  }

  exec(sql: string): void {
    this.#dirty = true;
    try {
      this.#db.exec(this.#adapt(sql));
    } catch (cause) {
      throw asStorageError(cause);
    }
  }

  prepare(sql: string): Statement {
    try {
      const runner = new SqlJsRunner({
        statement: this.#db.prepare(this.#adapt(sql)),
        changes: () => this.#db.getRowsModified(),
        onWrite: () => (this.#dirty = true),
        onFinalize: () => this.#statements.delete(runner),
        writes: !/^\s*(SELECT|WITH|PRAGMA|EXPLAIN)\b/i.test(sql),
      });
      this.#statements.add(runner);
      return runner;
    } catch (cause) {
      throw asStorageError(cause);
    }
  }

  defineFunction(name: string, value: () => number): void {
    this.#db.create_function(name, value);
    if (!this.#functions.includes(name)) this.#functions.push(name);
  }

  /** One image at a time; whoever asks meanwhile gets the next one, which holds everything up to then. */
  persist(): Promise<Result<null, Failure>> {
    this.#storing = this.#storing.then(() => this.#store());
    return this.#storing;
  }

  async close(): Promise<void> {
    await this.#storing;
    for (const statement of this.#statements) statement.finalize();
    this.#db.close();
    this.#images.close();
  }

  async #store(): Promise<Result<null, Failure>> {
    if (!this.#dirty) return ok(null);
    this.#dirty = false;
    const written = await this.#images.write(this.#db.export());
    if (!written.ok) this.#dirty = true;
    return written.ok ? ok(null) : err({ code: written.error.code, detail: written.error.message });
  }

  /**
   * sql.js hands every number that a function gives over as a double, and SQLite's JSON prints a double with 15 digits:
   * a stamp in a trigger's JSON would lose its end. A cast makes it the integer it is.
   */
  #adapt(sql: string): string {
    return this.#functions.reduce((text, name) => text.replaceAll(`${name}()`, `CAST(${name}() AS INTEGER)`), sql);
  }
}

interface RunnerOptions {
  readonly statement: SqlJsStatement;
  readonly writes: boolean;
  readonly changes: () => number;
  readonly onWrite: () => void;
  readonly onFinalize: () => void;
}

class SqlJsRunner implements Statement {
  readonly #options: RunnerOptions;
  #open = true;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  run(params: readonly Value[] = []): number {
    const { statement, writes, changes, onWrite } = this.#options;
    if (writes) onWrite();
    return this.#guarded(() => {
      statement.run([...params]);
      return writes ? changes() : 0;
    });
  }

  runMany(rows: Iterable<readonly Value[]>): void {
    for (const row of rows) this.run(row);
  }

  all(params: readonly Value[] = []): Record<string, Value>[] {
    const rows = this.arrays(params);
    const names = this.#options.statement.getColumnNames();
    return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]!])));
  }

  arrays(params: readonly Value[] = []): Value[][] {
    const { statement, writes, onWrite } = this.#options;
    if (writes) onWrite();
    return this.#guarded(() => {
      const rows: Value[][] = [];
      statement.bind([...params]);
      while (statement.step()) rows.push(statement.get() as Value[]);
      return rows;
    });
  }

  finalize(): void {
    if (this.#open) this.#options.statement.free();
    this.#open = false;
    this.#options.onFinalize();
  }

  #guarded<T>(work: () => T): T {
    if (!this.#open) throw new Error('Broken invariant: the statement was finalized');
    try {
      return work();
    } catch (cause) {
      throw asStorageError(cause);
    } finally {
      this.#options.statement.reset();
    }
  }
}

function asStorageError(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  // sql.js hands on the words of SQLITE_FULL, not its code.
  return new StorageError(message === 'database or disk is full' ? 'storage_full' : 'storage_failed', message, {
    cause,
  });
}
