/**
 * The database worker's driver: better-sqlite3 on the device's file, in the product's mode. Watches what I9 says (nothing
 * is written outside a transaction, a transaction commits once) and can be killed at any moment, also while it commits.
 */
import BetterSqlite from 'better-sqlite3';
import { ok, type Result } from '../../src/base/result.ts';
import type { Value } from '../../src/base/value.ts';
import { StorageError, type Driver, type Statement } from '../../src/client/db/driver.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { Dice } from './dice.ts';
import { meetsTheEnd, torn, type Disk, type Files } from './disk.ts';
import type { Select } from './view.ts';
import type { Verdict } from './verdict.ts';

export interface ConnectionOptions {
  readonly disk: Disk;
  readonly name: string;
  readonly verdict: Verdict;
  /** Whether a write of a full disk fails. */
  readonly dice: () => Dice;
  /** A planted bug in the SQL. */
  readonly rewrite?: ((sql: string) => string) | undefined;
  /** The commit was torn: the process is gone. */
  readonly onTorn: () => void;
}

export class Connection implements Driver {
  readonly kind = 'opfs-pool';
  readonly fullText = 'fts5';
  readonly #options: ConnectionOptions;
  readonly #db: BetterSqlite.Database;
  readonly #views = new Map<string, BetterSqlite.Statement>();
  #commits = 0;
  #dead = false;
  /** What a torn commit left. */
  #left: Files | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    options.disk.opened(options.name);
    this.#db = new BetterSqlite(options.disk.path);
    try {
      this.#db.exec(`PRAGMA locking_mode = exclusive; PRAGMA journal_mode = wal; PRAGMA synchronous = normal;
PRAGMA temp_store = memory; PRAGMA wal_autocheckpoint = ${options.disk.foldAt}`);
    } catch (error) {
      options.verdict.report('I8', `${options.name} finds a damaged file: ${String(error)}`);
    }
  }

  /** Reads for the checks, beside the product's statements. */
  readonly select: Select = (sql) => {
    let statement = this.#views.get(sql);
    if (!statement) this.#views.set(sql, (statement = this.#db.prepare(sql).raw()));
    return statement.all() as Value[][];
  };

  get inTransaction(): boolean {
    return !this.#dead && this.#db.inTransaction;
  }

  exec(sql: string): void {
    this.#guard(() => this.#db.exec(sql));
  }

  prepare(original: string): Statement {
    const sql = this.#options.rewrite?.(original) ?? original;
    const statement = this.#guard(() => this.#db.prepare(sql));
    const run = (params: readonly Value[]): number =>
      this.#guard(() => {
        this.#watch(sql, statement);
        if (!statement.reader) return statement.run(...params).changes;
        statement.raw(true).all(...params);
        return 0;
      });
    const read = (raw: boolean, params: readonly Value[]): unknown[] =>
      this.#guard(() => {
        this.#watch(sql, statement);
        return statement.raw(raw).all(...params);
      });
    return {
      run: (params = []) => (sql === 'COMMIT' ? this.#commit(run) : run(params)),
      runMany: (rows) => {
        for (const row of rows) run(row);
      },
      all: (params = []) => read(false, params) as Record<string, Value>[],
      arrays: (params = []) => read(true, params) as Value[][],
      finalize: () => undefined,
    };
  }

  defineFunction(name: string, value: () => number): void {
    this.#db.function(name, { deterministic: false }, value);
  }

  persist(): Promise<Result<null, Failure>> {
    return Promise.resolve(ok(null));
  }

  /** Orderly: the log is folded into the database. */
  close(): Promise<void> {
    if (!this.#dead) {
      this.#dead = true;
      this.#db.close();
      this.#options.disk.closed(this.#options.name);
    }
    return Promise.resolve();
  }

  /** What is on the disk stays as it is at this moment, an open transaction is lost. */
  kill(): void {
    if (this.#dead && !this.#left) return;
    const { disk, name } = this.#options;
    const left = this.#left ?? disk.read();
    this.#left = null;
    this.#dead = true;
    this.#db.close();
    disk.write(left);
    disk.closed(name);
  }

  #commit(run: (params: readonly Value[]) => number): number {
    const { disk } = this.#options;
    this.#commits += 1;
    if (this.#commits > 1) this.#options.verdict.report('I9', 'a write committed twice');
    if (disk.tear === null) return run([]);
    const before = disk.read();
    run([]);
    this.#left = torn(before, disk.read(), disk.tear);
    disk.tear = null;
    this.#dead = true;
    this.#options.onTorn();
    throw new StorageError('storage_failed', 'killed while committing');
  }

  #watch(sql: string, statement: BetterSqlite.Statement): void {
    if (sql.startsWith('BEGIN')) this.#commits = 0;
    if (/^(BEGIN|ROLLBACK|PRAGMA)/.test(sql)) return;
    if (statement.readonly && sql !== 'COMMIT') return;
    if (!this.#db.inTransaction) this.#options.verdict.report('I9', `outside a transaction: ${sql}`);
    if (meetsTheEnd(this.#options.disk, this.#options.dice()))
      throw new StorageError('storage_full', 'the disk is full');
  }

  #guard<T>(work: () => T): T {
    if (this.#dead) throw new StorageError('storage_failed', 'killed');
    try {
      return work();
    } catch (error) {
      if (error instanceof StorageError) throw error;
      throw new StorageError('storage_failed', String(error), { cause: error });
    }
  }
}
