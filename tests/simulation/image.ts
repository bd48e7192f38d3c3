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
    const oo1 = Object.create(sqlite3.oo1, { DB: { value: TrackedDb } }) as Sqlite3Static['oo1'];
    this.sqlite3 = Object.create(sqlite3, { oo1: { value: oo1 } }) as Sqlite3Static;
  }

  get isOpen(): boolean {
    return this.#database !== null;
  }

  readonly select: Select = (sql) => this.#database?.selectArrays(sql) as Value[][];

  /** The process is gone: nothing is written back. */
  abandon(): void {
    const database = this.#database;
    if (!database) return;
    const { capi } = this.sqlite3;
    const pointer = database.pointer!;
    for (let left = capi.sqlite3_next_stmt(pointer, 0); left; left = capi.sqlite3_next_stmt(pointer, 0)) {
      capi.sqlite3_finalize(left);
    }
    database.close();
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
