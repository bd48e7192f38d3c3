/**
 * Many new rows into one table of sqlite-wasm, straight from the columns that they came in: 100,000 words in 0.4 of the
 * time that an upsert of JavaScript rows takes (docs/decisions/0070-packed-pages.md).
 *
 * Without triggers and with `OR IGNORE`, no statement needs a way back, so SQLite keeps no copies of the pages that it
 * changes. What was ignored is told: a row that is there already, or that its table refuses.
 */
import type { Cells } from '../../../base/cells.ts';
import type { Value } from '../../../base/value.ts';
import type { NewRows } from '../driver.ts';
import { bindNumber, code, compile, staticText, type Connection, type Pointer } from './wasm-functions.ts';

/** More gain little. */
const rowsAtOnce = 20;

/** Binds the value of a row to a parameter, from 1. Gives SQLite's result code. */
type Binder = (parameter: number, row: number) => number;

/** Inserts what is not there. Gives the rows that may not have been inserted. */
export function insertNew(connection: Connection, insert: NewRows): number[] {
  const { rows } = insert;
  const together = rows.length - (rows.length % rowsAtOnce);
  const texts = placeTexts(connection, insert.cells);
  setTriggers(connection, false);
  try {
    const left = insertGroups(connection, { insert, texts, rows: rows.slice(0, together), size: rowsAtOnce });
    return [...left, ...insertGroups(connection, { insert, texts, rows: rows.slice(together), size: 1 })];
  } finally {
    setTriggers(connection, true);
    if (texts.address !== 0) connection.sqlite3.wasm.dealloc(texts.address);
  }
}

interface Groups {
  readonly insert: NewRows;
  readonly texts: Texts;
  readonly rows: readonly number[];
  readonly size: number;
}

function insertGroups(connection: Connection, { insert, texts, rows, size }: Groups): number[] {
  if (rows.length === 0) return [];
  const { raw, db, fail, buffer } = connection;
  const { table, columns, cells } = insert;
  const into = `INSERT OR IGNORE INTO ${table} (${columns.join(', ')})`;
  const { rowsOfMarks, shared } = marksOf(cells, size);
  const statement = compile(connection, `${into} VALUES ${rowsOfMarks}`);
  const bound = cells.map((column, at): Bound => ({ statement, column, start: texts.starts[at]! }));
  const binders = bound.filter(({ column }) => column.kind !== 'same').map((column) => binderOf(connection, column));
  // Only these pass through the buffer of the row that is bound.
  const copied = cells.flatMap((column) => (column.kind === 'values' ? [column.values] : []));
  const left: number[] = [];
  try {
    // SQLite keeps them from one run to the next.
    bound
      .filter(({ column }) => column.kind === 'same')
      .forEach((column, at) => {
        if (binderOf(connection, column)(at + 1, 0) !== code.ok) throw fail();
      });
    for (let from = 0; from < rows.length; from += size) {
      const group = rows.slice(from, from + size);
      buffer.start(copied.flatMap((values) => group.map((index) => values[index]!)));
      let parameter = shared;
      for (const index of group)
        for (const bind of binders) if (bind((parameter += 1), index) !== code.ok) throw fail();
      const outcome = raw.sqlite3_step(statement);
      const error = outcome === code.done ? null : fail();
      raw.sqlite3_reset(statement);
      if (error) throw error;
      const inserted = raw.sqlite3_changes(db);
      if (inserted < size) left.push(...group);
      // Rows that are there come together, as pages do: the rest of them need not be tried.
      if (inserted === 0) return [...left, ...rows.slice(from + size)];
    }
    return left;
  } finally {
    raw.sqlite3_finalize(statement);
  }
}

/** `(?2, ?1, ?3), (?4, ?1, ?5)`: what all rows share has the first numbers, and is bound once. */
function marksOf(cells: readonly Cells[], size: number): { rowsOfMarks: string; shared: number } {
  const shared = cells.filter(({ kind }) => kind === 'same').length;
  let own = shared;
  const row = (): string => {
    let same = 0;
    return `(${cells.map(({ kind }) => `?${kind === 'same' ? (same += 1) : (own += 1)}`).join(', ')})`;
  };
  return { rowsOfMarks: Array.from({ length: size }, row).join(', '), shared };
}

/** A trigger that is compiled in costs every row, though none of them has anything to do for a new row of the server. */
function setTriggers({ sqlite3, db, fail }: Connection, on: boolean): void {
  const { capi } = sqlite3;
  if (capi.sqlite3_db_config(db, capi.SQLITE_DBCONFIG_ENABLE_TRIGGER, on ? 1 : 0, 0) !== code.ok) throw fail();
}

/** The texts of all rows, in SQLite's memory. */
interface Texts {
  readonly address: Pointer;
  /** Where those of a column begin. */
  readonly starts: readonly Pointer[];
}

function placeTexts({ sqlite3 }: Connection, cells: readonly Cells[]): Texts {
  const texts = cells.map(bytesOf);
  const size = texts.reduce((sum, bytes) => sum + bytes.length, 0);
  if (size === 0) return { address: 0, starts: cells.map(() => 0) };
  const address = sqlite3.wasm.alloc(size);
  // Only now: to make room may have moved the memory.
  const heap = sqlite3.wasm.heap8u();
  let at = address;
  const starts = texts.map((bytes) => {
    heap.set(bytes, at);
    at += bytes.length;
    return at - bytes.length;
  });
  return { address, starts };
}

const nothing = new Uint8Array();

function bytesOf(column: Cells): Uint8Array {
  if (column.kind === 'texts') return column.bytes;
  return column.kind === 'same' && typeof column.value === 'string' ? new TextEncoder().encode(column.value) : nothing;
}

interface Bound {
  readonly statement: Pointer;
  readonly column: Cells;
  readonly start: Pointer;
}

function binderOf(connection: Connection, { statement, column, start }: Bound): Binder {
  const { raw } = connection;
  switch (column.kind) {
    case 'texts': {
      const { ends } = column;
      return (parameter, row) => {
        const from = row === 0 ? 0 : ends[row - 1]!;
        return raw.sqlite3_bind_text(statement, parameter, start + from, ends[row]! - from, staticText);
      };
    }
    case 'numbers': {
      const { values } = column;
      // As a double where a whole number would have to become a bigint first: its column stores it as the integer it is.
      return (parameter, row) => {
        const value = values[row]!;
        return (value | 0) === value
          ? raw.sqlite3_bind_int(statement, parameter, value)
          : raw.sqlite3_bind_double(statement, parameter, value);
      };
    }
    case 'same': {
      const { value } = column;
      if (typeof value !== 'string') return (parameter) => bindValue(connection, { statement, parameter, value });
      const bytes = bytesOf(column).length;
      return (parameter) => raw.sqlite3_bind_text(statement, parameter, start, bytes, staticText);
    }
    case 'values':
      return (parameter, row) => bindValue(connection, { statement, parameter, value: column.values[row]! });
  }
}

function bindValue(
  { raw, buffer }: Connection,
  { statement, parameter, value }: { statement: Pointer; parameter: number; value: Value },
): number {
  if (value === null) return raw.sqlite3_bind_null(statement, parameter);
  if (typeof value === 'number') return bindNumber(raw, { statement, index: parameter, value });
  const from = buffer.end;
  buffer.append(value);
  return raw.sqlite3_bind_text(statement, parameter, from, buffer.end - from, staticText);
}
