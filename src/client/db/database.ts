/**
 * The client's database over a driver: one connection, one owner. `read` never commits; `write` commits once or rolls
 * back (I9), under one stamp of the hybrid logical clock, with change capture in the same transaction (I1).
 */
import { assert } from '../../base/assert.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Value } from '../../base/value.ts';
import type { Stamp } from '../../protocol/messages.ts';
import { fullTextCatchUp, type FullTextCatchUp } from '../../schema/ddl.ts';
import { migrationPlan, type ClientFile, type StoredObject } from '../../schema/migrations.ts';
import type { Schema } from '../../schema/schema.ts';
import { currentSchema } from '../../schema/tables.ts';
import { observe, tick } from '../../sync/clock.ts';
import type { Clock } from '../../sync/ports.ts';
import { beginWriter } from '../../sync/writers.ts';
import type { Driver, NewRows, Statement } from './driver.ts';
import { latestWaiting, readPast, writePast } from './past.ts';

export interface ReadSql {
  /** What the file is made by. */
  readonly schema: Schema;
  all(sql: string, params?: readonly Value[]): Record<string, Value>[];
  arrays(sql: string, params?: readonly Value[]): Value[][];
}

export interface WriteSql extends ReadSql {
  /** Number of rows changed, triggers not counted. */
  run(sql: string, params?: readonly Value[]): number;
  runMany(sql: string, rows: Iterable<readonly Value[]>): void;
  /** As the driver's; without one that has it, every row is left. */
  insertNew(insert: NewRows): readonly number[];
}

/** `local`: a person's change, captured for the outbox; `sync`: the engine's; `load`: the engine's, with more rows to come. */
export type WriteOrigin = 'local' | 'sync' | 'load';

/** Called after a commit with the tables it wrote. */
export type CommitListener = (tables: ReadonlySet<string>, origin: WriteOrigin) => void;

export interface DatabaseOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  /** Makes the ids of devices and of writers. */
  readonly newId: () => string;
  /** What the file is brought to; the app's own unless a test has several versions. */
  readonly schema?: Schema;
}

export class Database {
  readonly driver: Driver;
  readonly schema: Schema;
  readonly #clock: Clock;
  readonly #fullText: readonly FullTextCatchUp[];
  readonly #readSql: ReadSql;
  readonly #writeSql: WriteSql;
  readonly #statements = new Map<string, Statement>();
  readonly #listeners = new Set<CommitListener>();
  /** Of the running transaction, or of the last one. */
  #stamp: Stamp = 0;
  /** Server clock minus device clock, milliseconds. */
  #clockOffset = 0;
  #written: Set<string> | null = null;
  /** Whether this opening of the file has edited, and so is a writer (sync/writers.ts). */
  #writes = false;
  #canStamp = false;
  readonly newId: () => string;

  /** Opens and migrates. `newer`: a newer version of the app has migrated the file. Throws `StorageError`. */
  static open(options: DatabaseOptions): Result<Database, 'newer'> {
    const database = new Database(options);
    const migrated = database.#migrate();
    if (!migrated.ok) return migrated;
    database.#load();
    return ok(database);
  }

  private constructor({ driver, clock, newId, schema = currentSchema }: DatabaseOptions) {
    this.driver = driver;
    this.schema = schema;
    this.#clock = clock;
    this.#fullText = Object.keys(schema.tables).flatMap((name) => fullTextCatchUp(name, schema) ?? []);
    this.newId = newId;
    this.#readSql = {
      schema,
      all: (sql, params) => this.#prepared(sql).all(params),
      arrays: (sql, params) => this.#prepared(sql).arrays(params),
    };
    this.#writeSql = {
      ...this.#readSql,
      run: (sql, params) => {
        this.#note(sql);
        return this.#prepared(sql).run(params);
      },
      runMany: (sql, rows) => {
        this.#note(sql);
        this.#prepared(sql).runMany(rows);
      },
      insertNew: (insert) => {
        this.#written?.add(insert.table);
        return this.driver.insertNew?.(insert) ?? insert.rows;
      },
    };
  }

  read<T>(work: (sql: ReadSql) => T): T {
    return work(this.#readSql);
  }

  write<T>(work: (sql: WriteSql) => T, origin: WriteOrigin = 'local'): T {
    assert(this.#written === null, 'a write is not started inside a write');
    const written = new Set<string>();
    this.#written = written;
    try {
      this.#enableStamps();
      this.#prepared('BEGIN IMMEDIATE').run();
      this.#stamp = tick(this.#stamp, this.now());
      if (origin === 'local' && !this.#writes) this.#becomeWriter();
      const value = work(this.#writeSql);
      this.#prepared('COMMIT').run();
      this.#writes ||= origin === 'local';
      if (origin === 'local' && [...written].some((table) => this.schema.tableOf(table))) written.add('outbox');
      this.#written = null;
      if (written.size > 0) for (const listener of this.#listeners) listener(written, origin);
      return value;
    } catch (error) {
      this.#rollBack();
      throw error;
    } finally {
      this.#written = null;
    }
  }

  /**
   * Brings the full-text indexes up to the rows that were added since: to be called before a search, and when there is
   * time. At most `limit` rows a table in one transaction; true when none is left.
   */
  indexNewRows(limit: number = Number.MAX_SAFE_INTEGER): boolean {
    const behind = this.#fullText.filter(({ isBehind }) => this.#readSql.arrays(isBehind).length > 0);
    if (behind.length === 0) return true;
    this.write((sql) => {
      for (const { indexNext } of behind) sql.run(indexNext, [limit]);
    }, 'sync');
    return behind.every(({ isBehind }) => this.#readSql.arrays(isBehind).length === 0);
  }

  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The device's time, corrected by what the server said. Milliseconds since 1970. */
  now(): number {
    return this.#clock.now() + this.#clockOffset;
  }

  /** The device's own clock, uncorrected. */
  deviceTime(): number {
    return this.#clock.now();
  }

  /** Goes on after a stamp seen elsewhere. */
  observeStamp(seen: Stamp): void {
    this.#stamp = observe(this.#stamp, seen);
  }

  /** Sets the clock right, even back: only for stamps that the server refused (sync-store.ts, `correctClock`). */
  setClock(clock: { offset: number; stamp: Stamp }): void {
    this.#clockOffset = clock.offset;
    this.#stamp = clock.stamp;
  }

  setClockOffset(offset: number): void {
    this.#clockOffset = offset;
  }

  async close(): Promise<void> {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#listeners.clear();
    await this.driver.close();
  }

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.driver.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** What the server knows of a row is in nobody's answer: after a push no query has to run again. */
  #note(sql: string): void {
    if (/^UPDATE \w+ SET _seq = \S+ WHERE/.test(sql)) return;
    const table = /^\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)/i.exec(sql)?.[1];
    if (table) this.#written?.add(table);
  }

  /** A full disk may have rolled back already; then ROLLBACK itself fails and the first error is what matters. */
  #rollBack(): void {
    try {
      this.#prepared('ROLLBACK').run();
    } catch {
      return;
    }
  }

  /** Only what writes, and what makes triggers, needs it: a start that only reads is the sooner there. */
  #enableStamps(): void {
    if (this.#canStamp) return;
    this.driver.defineFunction('local_stamp', () => this.#stamp);
    this.#canStamp = true;
  }

  #becomeWriter(): void {
    const past = beginWriter(readPast(this.#readSql), { writer: this.newId(), latest: latestWaiting(this.#readSql) });
    this.#prepared(writePast).run([JSON.stringify(past)]);
  }

  /** In one transaction: a kill on the way leaves the file as it was, of the version before. */
  #migrate(): Result<null, 'newer'> {
    const plan = migrationPlan(this.#file(), this.schema);
    if (!plan.ok) return err(plan.error);
    if (plan.value.length === 0) return ok(null);
    this.#enableStamps();
    this.driver.exec('BEGIN IMMEDIATE');
    try {
      for (const sql of plan.value) this.driver.exec(sql);
      this.driver.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
    return ok(null);
  }

  #file(): ClientFile {
    const ask = (sql: string): Record<string, Value>[] => {
      const statement = this.driver.prepare(sql);
      const rows = statement.all();
      statement.finalize();
      return rows;
    };
    const [header] = ask('PRAGMA user_version');
    return {
      version: Number(header?.['user_version'] ?? 0),
      // Asked for only by a file that is behind.
      get objects() {
        return ask('SELECT type, name, sql FROM sqlite_schema') as unknown as StoredObject[];
      },
      columnsOf: (table) => ask(`SELECT name FROM pragma_table_info('${table}')`).map(({ name }) => String(name)),
      fullText: this.driver.fullText,
    };
  }

  /** Only the very first opening of a file writes. */
  #load(): void {
    const state = this.#clockState() ?? this.#becomeDevice();
    assert(state, 'sync_state has its row');
    this.#clockOffset = Number(state[0]);
    this.observeStamp(Number(state[1]));
  }

  #becomeDevice(): Value[] | undefined {
    this.write((sql) => sql.run('INSERT INTO sync_state (one, device) VALUES (1, ?)', [this.newId()]), 'sync');
    return this.#clockState();
  }

  #clockState(): Value[] | undefined {
    return this.#readSql.arrays(
      'SELECT clock_offset, max(clock, coalesce((SELECT max(stamp) FROM outbox), 0)) FROM sync_state',
    )[0];
  }
}
