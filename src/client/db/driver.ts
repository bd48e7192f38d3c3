/**
 * The port to a SQLite of the client. One owner, synchronous statements, an explicit close. Implementations in drivers/
 * (opfs-pool, opfs-image, indexeddb); one behavioural suite in tests/conformance/driver.ts runs on all.
 */
import type { Cells } from '../../base/cells.ts';
import type { Result } from '../../base/result.ts';
import type { Value } from '../../base/value.ts';
import type { Failure } from '../../protocol/errors.ts';

export type DriverKind = 'opfs-pool' | 'opfs-image' | 'indexeddb' | 'memory';

export interface Driver {
  readonly kind: DriverKind;
  /** Which full-text module this SQLite has. */
  readonly fullText: 'fts5' | 'fts4';
  /** Runs statements without parameters. */
  exec(sql: string): void;
  /** Compiles one statement; the caller keeps and finalizes it. */
  prepare(sql: string): Statement;
  /** A function without arguments for triggers (see database.ts: `local_stamp()`). */
  defineFunction(name: string, value: () => number): void;
  /**
   * Inserts rows into a `STRICT` table, in the order that is given, but none whose id is there, and wakes no trigger.
   * Gives those that may not have been inserted: because they are there, or because the table refuses them. Where a
   * driver has it, this is by far the fastest way for thousands of rows.
   */
  readonly insertNew?: (insert: NewRows) => number[];
  /**
   * Resolves when everything committed so far would survive a kill (I1). At once where a commit is on disk already;
   * where the database is an image in memory, when the image is stored.
   */
  persist(): Promise<Result<null, Failure>>;
  /** Finalizes what is left, closes the file and lets go of every handle. Does not persist. */
  close(): Promise<void>;
}

/** Rows that lie column-wise. */
export interface NewRows {
  readonly table: string;
  readonly columns: readonly string[];
  /** In the order of `columns`. */
  readonly cells: readonly Cells[];
  /** Which rows of the cells. */
  readonly rows: readonly number[];
}

/** A prepared statement. A throw is a SQLite error: `StorageError`. */
export interface Statement {
  /** Runs to the end and gives the number of changed rows. */
  run(params?: readonly Value[]): number;
  /** Runs once a row, in order: the fast way for many rows. */
  runMany(rows: Iterable<readonly Value[]>): void;
  /** All rows as objects keyed by column name. */
  all(params?: readonly Value[]): Record<string, Value>[];
  /** All rows as arrays: the fast way for many rows. */
  arrays(params?: readonly Value[]): Value[][];
  finalize(): void;
}

/** Thrown by drivers for every SQLite or file error, with what the caller can act on. */
export class StorageError extends Error {
  readonly code: 'storage_full' | 'storage_failed';
  constructor(code: 'storage_full' | 'storage_failed', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }
}
