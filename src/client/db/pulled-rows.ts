/**
 * Storing rows that came from the server: newer ones only, never over a dirty column, and without waking change capture
 * (triggers.ts: `_seq` moves). A page that is applied twice changes nothing the second time (I5).
 */
import type { Value } from '../../base/value.ts';
import type { RowPage } from '../../protocol/messages.ts';
import type { Column } from '../../schema/column.ts';
import { columnsOf, tableOf, tables, type TableName } from '../../schema/tables.ts';
import type { WriteSql } from './database.ts';
import { readStamps } from './stored-json.ts';

/** More gain little, and their texts are held at once. */
const rowsAtOnce = 20;

/** Applies a page. Columns that this version does not know are left out; the server keeps them. */
export function applyPage(sql: WriteSql, page: RowPage & { readonly table: TableName }): void {
  const columns = columnsOf(page.table);
  const declared = columns.map((column): Column | undefined => tableOf(page.table)?.columns[column]);
  const sources = columns.map((column) => page.values[page.columns.indexOf(column)]);
  const defaults = columns.map((column) => fallback(tables[page.table].columns, column));
  const deleted = new Set(page.deleted);
  const dirty = dirtyRows(sql, page.table);
  const stored: Value[][] = [];
  const removed: string[] = [];
  page.ids.forEach((id, index) => {
    const entry = dirty.get(id);
    const seq = page.seqs[index]!;
    const values = () =>
      sources.map((source, column) => {
        const value = source?.[index];
        return fits(declared[column], value) ? value : defaults[column]!;
      });
    if (entry)
      applyUnder(sql, { table: page.table, id, seq, dirty: entry, values: deleted.has(index) ? null : values() });
    else if (deleted.has(index)) removed.push(id);
    else stored.push([id, seq, ...values()]);
  });
  storeRows(sql, page.table, stored);
  remove(sql, page.table, removed);
}

/** A statement costs beside its rows: the copies of file pages that let it fail alone, mostly. */
function storeRows(sql: WriteSql, table: TableName, rows: readonly Value[][]): void {
  const together = rows.length - (rows.length % rowsAtOnce);
  const groups: Value[][] = [];
  for (let from = 0; from < together; from += rowsAtOnce) groups.push(rows.slice(from, from + rowsAtOnce).flat());
  if (groups.length > 0) sql.runMany(upsert(table, rowsAtOnce), groups);
  if (together < rows.length) sql.runMany(upsert(table, 1), rows.slice(together));
}

function upsert(table: TableName, rows: number): string {
  const columns = columnsOf(table);
  const row = `(?, ?${', ?'.repeat(columns.length)})`;
  return `INSERT INTO ${table} (id, _seq, ${columns.join(', ')}) VALUES ${Array<string>(rows).fill(row).join(', ')}
ON CONFLICT (id) DO UPDATE SET _seq = excluded._seq, ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
WHERE excluded._seq > _seq`;
}

/** `_seq` -1 first: a delete that follows is then not a local one. */
function remove(sql: WriteSql, table: TableName, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const rows = ids.map((id) => [id]);
  sql.runMany(`UPDATE ${table} SET _seq = -1 WHERE id = ?`, rows);
  sql.runMany(`DELETE FROM ${table} WHERE id = ?`, rows);
}

interface Dirty {
  readonly op: string;
  readonly columns: ReadonlySet<string>;
}

function dirtyRows(sql: WriteSql, table: TableName): ReadonlyMap<string, Dirty> {
  const rows = sql.arrays('SELECT id, op, stamps FROM outbox WHERE tbl = ?', [table]);
  return new Map(
    rows.map(([id, op, stamps]) => [
      String(id),
      { op: String(op), columns: new Set(Object.keys(readStamps(stamps!))) },
    ]),
  );
}

/** A row with waiting edits takes the columns that are not dirty; the server decides about the others when they arrive. */
function applyUnder(
  sql: WriteSql,
  row: { table: TableName; id: string; seq: number; dirty: Dirty; values: readonly Value[] | null },
): void {
  const { table, id, seq, dirty, values } = row;
  if (dirty.op === 'delete') return;
  const clean =
    values === null || dirty.op === 'insert' ? [] : columnsOf(table).filter((name) => !dirty.columns.has(name));
  const assignments = ['_seq = ?', ...clean.map((name) => `${name} = ?`)].join(', ');
  const taken = clean.map((name) => values![columnsOf(table).indexOf(name)]!);
  sql.run(`UPDATE ${table} SET ${assignments} WHERE id = ? AND _seq < ?`, [seq, ...taken, id, seq]);
}

function fallback(declared: Readonly<Record<string, Column>>, name: string): Value {
  const column = declared[name]!;
  return column.default ?? (column.nullable ? null : column.type === 'text' ? '' : column.min);
}

/**
 * Whether the column's table takes the value. What a newer device sent through a server that did not know the column was
 * looked at for its kind alone: one that does not fit must not keep the other rows from being stored.
 */
function fits(column: Column | undefined, value: Value | undefined): value is Value {
  if (value === null || column === undefined) return column?.nullable === true;
  if (column.type === 'text') return typeof value === 'string';
  return column.type === 'integer' ? Number.isSafeInteger(value) : typeof value === 'number';
}
