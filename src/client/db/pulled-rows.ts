/**
 * Storing rows that came from the server: newer ones only, never over a dirty column, and without waking change capture
 * (triggers.ts: `_seq` moves). A page that is applied twice changes nothing the second time (I5).
 */
import type { Cells } from '../../base/cells.ts';
import type { Value } from '../../base/value.ts';
import type { RowPage } from '../../protocol/messages.ts';
import { isPacked } from '../../protocol/packed-pages.ts';
import type { Column, Table } from '../../schema/column.ts';
import type { WriteSql } from './database.ts';
import { asCells, insertNewRows } from './new-rows.ts';
import { hasUnfilled, noteFilled, reopenUnfilled, unfilledIn } from './refill.ts';
import { readStamps } from './stored-json.ts';

/** More gain little, and their texts are held at once. */
const rowsAtOnce = 20;

/** Applies a page of a table of the schema. Columns that are not in it are left out; the server keeps them. */
export function applyPage(sql: WriteSql, page: RowPage): void {
  const { table, seqs } = page;
  const columns = Object.entries<Column>(declarationOf(sql, table).columns);
  const places = columns.map(([name]) => page.columns.indexOf(name));
  const deleted = new Set(page.deleted);
  const dirty = dirtyRows(sql, table);
  const lacksValues = hasUnfilled(sql, table);
  if (lacksValues) reopenUnfilled(sql, page);
  const stored: Value[][] = [];
  const removed: string[] = [];
  const left = insertNewRows(sql, {
    page,
    columns: () =>
      columns.flatMap(([name, column], at) => {
        const cells = fitting(column, cellsAt(page, places[at]!));
        return isDefault(column, cells) ? [] : [{ name, cells }];
      }),
    isKnown: (row) => lacksValues || deleted.has(row) || (dirty.size > 0 && dirty.has(page.ids[row]!)),
  });
  for (const index of left) {
    const id = page.ids[index]!;
    const entry = dirty.get(id);
    const seq = seqs[index]!;
    const values = () =>
      columns.map(([, column], at) => {
        const value = page.values[places[at]!]?.[index];
        return fits(column, value) ? value : fallback(column);
      });
    if (entry) applyUnder(sql, { page, id, seq, dirty: entry, values: deleted.has(index) ? null : values() });
    else if (deleted.has(index)) removed.push(id);
    else stored.push([id, seq, ...values()]);
  }
  storeRows(sql, table, stored);
  remove(sql, table, removed);
  if (lacksValues) {
    noteFilled(sql, { table, columns: page.columns, rows: stored.map(([id, seq]) => [String(id), Number(seq)]) });
  }
}

/** The caller has seen that there is one. */
function declarationOf(sql: WriteSql, table: string): Table {
  return sql.schema.tableOf(table)!;
}

/** A statement costs beside its rows: the copies of file pages that let it fail alone, mostly. */
function storeRows(sql: WriteSql, table: string, rows: readonly Value[][]): void {
  const together = rows.length - (rows.length % rowsAtOnce);
  const groups: Value[][] = [];
  for (let from = 0; from < together; from += rowsAtOnce) groups.push(rows.slice(from, from + rowsAtOnce).flat());
  if (groups.length > 0) sql.runMany(upsert(sql, table, rowsAtOnce), groups);
  if (together < rows.length) sql.runMany(upsert(sql, table, 1), rows.slice(together));
}

function upsert(sql: WriteSql, table: string, rows: number): string {
  const columns = sql.schema.columnsOf(table);
  const row = `(?, ?${', ?'.repeat(columns.length)})`;
  return `INSERT INTO ${table} (id, _seq, ${columns.join(', ')}) VALUES ${Array<string>(rows).fill(row).join(', ')}
ON CONFLICT (id) DO UPDATE SET _seq = excluded._seq, ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
WHERE excluded._seq > _seq`;
}

/** `_seq` -1 first: a delete that follows is then not a local one. */
function remove(sql: WriteSql, table: string, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const rows = ids.map((id) => [id]);
  sql.runMany(`UPDATE ${table} SET _seq = -1 WHERE id = ?`, rows);
  sql.runMany(`DELETE FROM ${table} WHERE id = ?`, rows);
}

interface Dirty {
  readonly op: string;
  readonly columns: ReadonlySet<string>;
}

function dirtyRows(sql: WriteSql, table: string): ReadonlyMap<string, Dirty> {
  const rows = sql.arrays('SELECT id, op, stamps FROM outbox WHERE tbl = ?', [table]);
  return new Map(
    rows.map(([id, op, stamps]) => [
      String(id),
      { op: String(op), columns: new Set(Object.keys(readStamps(stamps!))) },
    ]),
  );
}

interface Under {
  readonly page: RowPage;
  readonly id: string;
  readonly seq: number;
  readonly dirty: Dirty;
  /** In the order of the declaration; null: the row is deleted on the server. */
  readonly values: readonly Value[] | null;
}

/**
 * A row with waiting edits takes the columns that are not dirty; the server decides about the others when they arrive. All
 * of a new row is dirty, but for what it is sent without.
 */
function applyUnder(sql: WriteSql, { page, id, seq, dirty, values }: Under): void {
  const { table } = page;
  if (dirty.op === 'delete') return;
  const columns = sql.schema.columnsOf(table);
  const open = dirty.op === 'insert' ? unfilledIn(sql, table)(id) : columns;
  const clean = values === null ? [] : open.filter((name) => !dirty.columns.has(name));
  const assignments = ['_seq = ?', ...clean.map((name) => `${name} = ?`)].join(', ');
  const taken = clean.map((name) => values![columns.indexOf(name)]!);
  sql.run(`UPDATE ${table} SET ${assignments} WHERE id = ? AND _seq < ?`, [seq, ...taken, id, seq]);
  const filled = clean.filter((name) => page.columns.includes(name));
  if (filled.length > 0) noteFilled(sql, { table, columns: filled, rows: [[id, seq]] });
}

function fallback(column: Column): Value {
  return column.default ?? (column.nullable ? null : column.type === 'text' ? '' : column.min);
}

/**
 * Whether the column's table takes the value. What a newer device sent through a server that did not know the column was
 * looked at for its kind alone: one that does not fit must not keep the other rows from being stored.
 */
function fits(column: Column, value: Value | undefined): value is Value {
  if (value === null) return column.nullable === true;
  if (column.type === 'text') return typeof value === 'string';
  return column.type === 'integer' ? Number.isSafeInteger(value) : typeof value === 'number';
}

function areNumbersOf({ type }: Column, values: Float64Array): boolean {
  return type === 'real' || (type === 'integer' && values.every(Number.isSafeInteger));
}

/** A column of the page by its place there, or undefined for a place of none. */
function cellsAt(page: RowPage, place: number): Cells | undefined {
  if (isPacked(page)) return page.cells.columns[place];
  const values = page.values[place];
  return values && asCells(values);
}

/** A column's values, those that do not fit replaced. Null for a deleted row, which is none of these. */
function fitting(column: Column, cells: Cells | undefined): Cells {
  const otherwise = fallback(column);
  if (!cells) return { kind: 'same', value: otherwise };
  switch (cells.kind) {
    case 'same':
      return fits(column, cells.value) ? cells : { kind: 'same', value: otherwise };
    case 'texts':
      return column.type === 'text' ? cells : { kind: 'same', value: otherwise };
    case 'numbers':
      return areNumbersOf(column, cells.values) ? cells : replaced(column, Array.from(cells.values));
    case 'values':
      return cells.values.every((value) => fits(column, value)) ? cells : replaced(column, cells.values);
  }
}

/** What the table gives a new row by itself, for less than a value that is bound. */
function isDefault(column: Column, cells: Cells): boolean {
  return cells.kind === 'same' && cells.value === (column.default ?? null);
}

function replaced(column: Column, values: readonly Value[]): Cells {
  const otherwise = fallback(column);
  return asCells(values.map((value) => (fits(column, value) ? value : otherwise)));
}
