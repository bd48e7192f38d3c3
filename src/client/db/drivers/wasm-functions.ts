/** The C functions of SQLite that are called raw, as the WASM module exports them (no conversions), and their codes. */
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { StorageError } from '../driver.ts';
import type { RowBuffer } from './wasm-text.ts';

export type Pointer = number;

export interface RawSqlite {
  sqlite3_bind_null(statement: Pointer, index: number): number;
  sqlite3_bind_int(statement: Pointer, index: number, value: number): number;
  sqlite3_bind_int64(statement: Pointer, index: number, value: bigint): number;
  sqlite3_bind_double(statement: Pointer, index: number, value: number): number;
  sqlite3_bind_text(statement: Pointer, index: number, text: Pointer, bytes: number, destructor: number): number;
  sqlite3_bind_parameter_count(statement: Pointer): number;
  sqlite3_step(statement: Pointer): number;
  sqlite3_reset(statement: Pointer): number;
  sqlite3_finalize(statement: Pointer): number;
  sqlite3_changes(db: Pointer): number;
  sqlite3_extended_errcode(db: Pointer): number;
  sqlite3_stmt_readonly(statement: Pointer): number;
  sqlite3_stmt_status(statement: Pointer, counter: number, reset: number): number;
  sqlite3_column_count(statement: Pointer): number;
  sqlite3_column_type(statement: Pointer, column: number): number;
  sqlite3_column_double(statement: Pointer, column: number): number;
  sqlite3_column_text(statement: Pointer, column: number): Pointer;
  sqlite3_column_bytes(statement: Pointer, column: number): number;
  sqlite3_result_int64(context: Pointer, value: bigint): void;
}

/** An open database. */
export interface Connection {
  readonly sqlite3: Sqlite3Static;
  readonly db: Pointer;
  readonly raw: RawSqlite;
  /** For the texts of the row that is bound. */
  readonly buffer: RowBuffer;
  /** What SQLite has just reported. */
  readonly fail: () => StorageError;
}

/** Result codes and types of SQLite, stable by its own promise. */
export const code = { ok: 0, ioError: 10, full: 13, row: 100, done: 101 } as const;
export const columnType = { integer: 1, float: 2, text: 3, null: 5 } as const;
export const statusReprepare = 5;
export const staticText = 0;
const maxInt32 = 0x7fff_ffff;

/** Gives SQLite's result code. */
export function bindNumber(
  raw: RawSqlite,
  { statement, index, value }: { statement: Pointer; index: number; value: number },
): number {
  if (!Number.isSafeInteger(value)) return raw.sqlite3_bind_double(statement, index, value);
  if (value <= maxInt32 && value >= -maxInt32) return raw.sqlite3_bind_int(statement, index, value);
  return raw.sqlite3_bind_int64(statement, index, BigInt(value));
}

export function compile({ sqlite3, db, fail }: Connection, sql: string): Pointer {
  const { capi, wasm } = sqlite3;
  const stack = wasm.pstack.pointer;
  try {
    const out = wasm.pstack.alloc(8);
    wasm.pokePtr(out, 0);
    if (capi.sqlite3_prepare_v3(db, sql, -1, capi.SQLITE_PREPARE_PERSISTENT, out, null) !== code.ok) {
      throw fail();
    }
    return wasm.peekPtr(out);
  } finally {
    wasm.pstack.restore(stack);
  }
}
