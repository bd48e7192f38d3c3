/**
 * The client's tables as SQL, from the declaration: the synced ones, the full-text indexes and the local-only ones.
 *
 * Every synced table has `_rowid` (stable, for the full-text index), `id`, its declared columns, and `_seq`: the server
 * sequence whose state the row holds, 0 when the server never had it.
 */
import type { Column, Table } from './column.ts';
import type { Schema } from './schema.ts';
import { currentSchema } from './tables.ts';
import { captureTriggers } from './triggers.ts';

/** The full-text module of the SQLite at hand: sql.js is built without FTS5. */
export type FullTextModule = 'fts5' | 'fts4';

/** Creates the whole schema in an empty file. */
export function createSchema(fullText: FullTextModule, schema: Schema = currentSchema): string[] {
  return [...createTables(fullText, schema), ...createIndexes(schema), ...createTriggers(fullText, schema)];
}

export function createTables(fullText: FullTextModule, schema: Schema): string[] {
  return [...perTable(schema, createTable), ...fullTextOf(fullText, schema, createFullText), ...localTables];
}

export function createIndexes(schema: Schema): string[] {
  return perTable(schema, (name, { indexes = [] }) =>
    indexes.map((columns) => `CREATE INDEX ${name}_by_${columns.join('_')} ON ${name} (${columns.join(', ')})`),
  );
}

export function createTriggers(fullText: FullTextModule, schema: Schema): string[] {
  return [...perTable(schema, captureTriggers), ...fullTextOf(fullText, schema, createFullTextTriggers)];
}

function perTable(schema: Schema, create: (name: string, table: Table) => string | readonly string[]): string[] {
  return Object.entries(schema.tables).flatMap(([name, table]) => create(name, table));
}

function fullTextOf(
  module: FullTextModule,
  schema: Schema,
  create: (fullText: FullText) => string | readonly string[],
): string[] {
  return perTable(schema, (name, { fullText: columns }) => (columns ? create({ name, columns, module }) : []));
}

/** SQL name of the full-text index of a table. */
export function fullTextName(table: string): string {
  return `${table}_fts`;
}

function createTable(name: string, table: Table): string {
  const columns = Object.entries(table.columns).map(([column, declared]) => `${column} ${columnType(declared)}`);
  return `CREATE TABLE ${name} (
  _rowid INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  ${columns.join(',\n  ')},
  _seq INTEGER NOT NULL DEFAULT 0
) STRICT`;
}

function columnType(column: Column): string {
  const notNull = column.nullable ? '' : ' NOT NULL';
  const value = column.default;
  const byDefault = value === undefined || value === null ? '' : ` DEFAULT ${literal(value)}`;
  return `${column.type.toUpperCase()}${notNull}${byDefault}`;
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

interface FullText {
  readonly name: string;
  readonly columns: readonly string[];
  readonly module: FullTextModule;
}

/** An index over the table's own rows ("external content"). Accents and case are folded. */
function createFullText({ name, columns, module }: FullText): string {
  const index = fullTextName(name);
  const names = columns.join(', ');
  if (module === 'fts4') {
    return `CREATE VIRTUAL TABLE ${index} USING fts4(${names}, content=${name}, tokenize=unicode61 "remove_diacritics=2")`;
  }
  // detail=none: which rows have the term is all that is asked; positions would double the index.
  return `CREATE VIRTUAL TABLE ${index} USING fts5(${names}, content='${name}', content_rowid='_rowid', detail=none, tokenize='unicode61 remove_diacritics 2')`;
}

/**
 * New rows are not indexed by a trigger but later, many in one statement (`fullTextCatchUp`): FTS5 writes its index out
 * after every statement that touches it, which costs more than the row itself. Triggers keep right what is indexed
 * already: the rows that have their sizes in `_docsize`.
 */
function createFullTextTriggers({ name, columns, module }: FullText): string[] {
  const index = fullTextName(name);
  const names = columns.join(', ');
  const values = (row: 'NEW' | 'OLD') => columns.map((column) => `${row}.${column}`).join(', ');
  const edited = columns.map((column) => `NEW.${column} IS NOT OLD.${column}`).join(' OR ');
  if (module === 'fts4') {
    // FTS4 has to remove a row before it changes, and cannot tell after that whether it was indexed: each row at once.
    const remove = `DELETE FROM ${index} WHERE docid = OLD._rowid;`;
    const add = `INSERT INTO ${index} (docid, ${names}) VALUES (NEW._rowid, ${values('NEW')});`;
    return [
      `CREATE TRIGGER ${index}_inserted AFTER INSERT ON ${name} BEGIN ${add} END`,
      `CREATE TRIGGER ${index}_deleting BEFORE DELETE ON ${name} BEGIN ${remove} END`,
      `CREATE TRIGGER ${index}_updating BEFORE UPDATE OF ${names} ON ${name} WHEN ${edited} BEGIN ${remove} END`,
      `CREATE TRIGGER ${index}_updated AFTER UPDATE OF ${names} ON ${name} WHEN ${edited} BEGIN ${add} END`,
    ];
  }
  const isIndexed = `EXISTS (SELECT 1 FROM ${index}_docsize WHERE rowid = OLD._rowid)`;
  const remove = `INSERT INTO ${index} (${index}, rowid, ${names}) VALUES ('delete', OLD._rowid, ${values('OLD')});`;
  const add = `INSERT INTO ${index} (rowid, ${names}) VALUES (NEW._rowid, ${values('NEW')});`;
  return [
    `CREATE TRIGGER ${index}_deleted AFTER DELETE ON ${name} WHEN ${isIndexed} BEGIN ${remove} END`,
    `CREATE TRIGGER ${index}_updated AFTER UPDATE OF ${names} ON ${name} WHEN (${edited}) AND ${isIndexed} BEGIN ${remove} ${add} END`,
  ];
}

export interface FullTextCatchUp {
  readonly isBehind: string;
  /** Parameter: at most so many rows, oldest first. */
  readonly indexNext: string;
}

/**
 * Statements that bring the full-text index of a table up to its new rows, or null for a table without one. New rows have
 * the highest `_rowid`: SQLite gives one more than the highest there is.
 */
export function fullTextCatchUp(name: string, schema: Schema = currentSchema): FullTextCatchUp | null {
  const columns = schema.tableOf(name)?.fullText;
  if (!columns) return null;
  const index = fullTextName(name);
  const names = columns.join(', ');
  const fresh = `_rowid > (SELECT coalesce(max(rowid), 0) FROM ${index}_docsize)`;
  return {
    isBehind: `SELECT 1 FROM ${name} WHERE ${fresh} LIMIT 1`,
    indexNext: `INSERT INTO ${index} (rowid, ${names}) SELECT _rowid, ${names} FROM ${name} WHERE ${fresh} ORDER BY _rowid LIMIT ?`,
  };
}

/** What never leaves the device. */
const localTables: readonly string[] = [
  // One row a dirty record. `stamp`: of its latest edit. `since`: stamp of the columns not in `stamps`. `stamps`: JSON
  // {column: stamp}. `base`: for an update JSON {column: [sequence, value]} before the first edit; for a delete the row.
  `CREATE TABLE outbox (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  op TEXT NOT NULL,
  stamp INTEGER NOT NULL,
  since INTEGER NOT NULL,
  stamps TEXT,
  base TEXT,
  base_seq INTEGER NOT NULL,
  PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID`,
  // `writers`: JSON (sync/writers.ts). `reload`: why everything is being loaded anew, while it is. `notice`: what the
  // person was not told yet. `refill`: client/db/refill.ts.
  `CREATE TABLE sync_state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  device TEXT NOT NULL,
  user_id TEXT,
  user_name TEXT,
  cursor INTEGER NOT NULL DEFAULT 0,
  clock INTEGER NOT NULL DEFAULT 0,
  clock_offset INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  last_error TEXT,
  last_sync_at INTEGER,
  known INTEGER NOT NULL DEFAULT 0,
  epoch TEXT NOT NULL DEFAULT '',
  loads INTEGER NOT NULL DEFAULT 0,
  writers TEXT,
  reload TEXT,
  notice TEXT,
  refill INTEGER
) STRICT`,
  `CREATE TABLE sync_run (
  id INTEGER PRIMARY KEY,
  direction TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  processed INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  conflicts INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  error TEXT,
  detail TEXT,
  tables TEXT NOT NULL,
  reload TEXT
) STRICT`,
  // Rows that a reload has not met on the server yet.
  `CREATE TABLE unconfirmed_row (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID`,
  // Values that never came: their column is newer than the app that stored the row.
  `CREATE TABLE unfilled_value (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  col TEXT NOT NULL,
  PRIMARY KEY (tbl, id, col)
) STRICT, WITHOUT ROWID`,
  // Edits that were answered for, of rows that have not come as they are on the server since (client/db/answered-edits.ts).
  `CREATE TABLE answered_edit (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  col TEXT NOT NULL,
  op TEXT NOT NULL,
  stamp INTEGER NOT NULL,
  base_seq INTEGER NOT NULL,
  base ANY,
  PRIMARY KEY (tbl, id, col)
) STRICT, WITHOUT ROWID`,
  // Rows of the server that their table refused, whole: `row` is JSON {column: value}, null for a deletion.
  `CREATE TABLE held_row (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  row TEXT,
  error TEXT NOT NULL,
  PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID`,
  `CREATE TABLE rejected_change (
  table_name TEXT NOT NULL,
  row_id TEXT NOT NULL,
  op TEXT NOT NULL,
  code TEXT NOT NULL,
  column_name TEXT,
  values_json TEXT NOT NULL,
  rejected_at INTEGER NOT NULL,
  PRIMARY KEY (table_name, row_id)
) STRICT, WITHOUT ROWID`,
];
