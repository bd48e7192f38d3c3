/**
 * sqlite-wasm as a service worker has it, with the one database that it opens kept in sight: for the checks, and to end
 * it when the service worker is killed. Memory of a killed process is gone; here its connection has to be closed.
 */
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { Value } from '../../src/base/value.ts';
import type { Disk } from './disk.ts';
import type { Select } from './view.ts';

type Database = InstanceType<Sqlite3Static['oo1']['DB']>;

export class TrackedSqlite {
  /** What the product is given. */
  readonly sqlite3: Sqlite3Static;
  readonly #disk: Disk;
  readonly #name: string;
  #database: Database | null = null;

  constructor({ sqlite3, disk, name }: { sqlite3: Sqlite3Static; disk: Disk; name: string }) {
    this.#disk = disk;
    this.#name = name;
    const opened = (database: Database): void => this.#opened(database);
    const closed = (): void => this.#closed();
    class TrackedDb extends sqlite3.oo1.DB {
      constructor(path: string, flags: string) {
        super(path, flags);
        opened(this);
      }
      override close(): void {
        closed();
        super.close();
      }
    }
    const oo1: unknown = Object.create(sqlite3.oo1, { DB: { value: TrackedDb } });
    const parts = {
      oo1: { value: oo1 },
      capi: { value: this.#watchedCapi(sqlite3) },
      wasm: { value: this.#watchedWasm(sqlite3) },
    };
    this.sqlite3 = Object.create(sqlite3, parts) as Sqlite3Static;
  }

  get isOpen(): boolean {
    return this.#database !== null;
  }

  readonly select: Select = (sql) => this.#database?.selectArrays(sql) as Value[][];

  /** The process is gone: nothing is written back. */
  abandon(): void {
    const database = this.#database;
    if (!database) return;
    for (const statement of this.#statements) this.sqlite3.capi.sqlite3_finalize(statement);
    this.#statements.clear();
    database.close();
  }

  /** Statements that the product has prepared. Not all of the connection: FTS5 keeps some of its own. */
  readonly #statements = new Set<number>();

  #watchedCapi({ capi, wasm }: Sqlite3Static): unknown {
    const prepare = (...args: Parameters<typeof capi.sqlite3_prepare_v3>): number => {
      const code = capi.sqlite3_prepare_v3(...args);
      if (code === capi.SQLITE_OK) this.#statements.add(wasm.peekPtr(args[4]));
      return code;
    };
    return Object.create(capi, { sqlite3_prepare_v3: { value: prepare } });
  }

  #watchedWasm({ wasm }: Sqlite3Static): unknown {
    const exports = wasm.exports as unknown as { sqlite3_finalize: (statement: number) => number };
    const finalize = (statement: number): number => {
      this.#statements.delete(statement);
      return exports.sqlite3_finalize(statement);
    };
    const watched: unknown = Object.create(exports, { sqlite3_finalize: { value: finalize } });
    return Object.create(wasm, { exports: { value: watched } });
  }

  #opened(database: Database): void {
    this.#database = database;
    this.#disk.opened(this.#name);
  }

  #closed(): void {
    this.#database = null;
    this.#disk.closed(this.#name);
  }
}
