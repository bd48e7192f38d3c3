/**
 * Rows of the server that their table refuses: by a constraint that another version has loosened, or because the table's
 * part of the file is damaged. They are set aside whole, so that the cursor may pass them (I6) and the other rows and
 * tables go on, and are tried again with every reply.
 */
import type { Value } from '../../base/value.ts';
import type { Change, ChangeResult, RowPage } from '../../protocol/messages.ts';
import type { TableError } from '../../sync/report.ts';
import { forgetPulled } from './answered-edits.ts';
import type { WriteSql } from './database.ts';
import { StorageError } from './driver.ts';
import { applyPage } from './pulled-rows.ts';
import { readValues, unlessDamaged } from './stored-json.ts';

export interface Stored {
  /** Rows that were set aside. */
  readonly failed: number;
  readonly errors: readonly TableError[];
}

const nothingFailed: Stored = { failed: 0, errors: [] };

/** Stores a page, or throws in the midst of it: then the transaction is over, and all of it is stored row by row instead. */
export function storeWhole(sql: WriteSql, page: RowPage): Stored {
  applyPage(sql, page);
  release(sql, page);
  return nothingFailed;
}

/**
 * Stores a page, without the rows that its table refuses: those are set aside. Row by row, because a savepoint around many
 * statements costs each of them more than the one before (docs/decisions/0031-no-savepoint-around-a-page.md).
 */
export function storeRows(sql: WriteSql, page: RowPage): Stored {
  const errors: TableError[] = [];
  for (const [index, id] of page.ids.entries()) {
    const row = rowAt(page, index);
    const error = attempt(sql, () => applyPage(sql, row));
    if (error === null) release(sql, row);
    else {
      hold(sql, { page: row, id, error });
      errors.push({ code: 'storage_failed', detail: error });
    }
  }
  return { failed: errors.length, errors };
}

/** Tries what was set aside again: after an update of the app, or once the disk is well, it may fit. */
export function retryHeld(sql: WriteSql): void {
  for (const [table, id, seq, json] of sql.arrays('SELECT tbl, id, seq, row FROM held_row')) {
    if (!sql.schema.tableOf(String(table))) continue;
    const store = (): void => {
      const values = json === null ? null : readValues(json!);
      const page = heldPage({ table: String(table), id: String(id), seq: Number(seq), values });
      applyPage(sql, page);
      release(sql, page);
    };
    attempt(sql, store);
  }
}

/**
 * Rows that were deleted here and whose deletion was answered for: what was set aside of them would come back as if it were
 * new. If the deletion does not stand, the row is pulled again.
 */
export function forgetDeleted(sql: WriteSql, changes: readonly Change[]): void {
  const deleted = changes.filter(({ op }) => op === 'delete').map(({ table, id }) => [table, id]);
  sql.runMany('DELETE FROM held_row WHERE tbl = ? AND id = ?', deleted);
}

/**
 * A row whose newer state is set aside was edited here, and the edit stands on the server: that state and the edit are
 * what the server holds now, and are set aside together. The row here stays older, whatever the result says of it, or it
 * would pass for the server's for ever (I3). Gives the results without the sequences of such rows.
 */
export function moveHeld(sql: WriteSql, changes: readonly Change[], results: readonly ChangeResult[]): ChangeResult[] {
  const held = sql.arrays('SELECT tbl, id, row FROM held_row');
  return results.map((result, index) => {
    const { table, id, op, values = {} } = changes[index]!;
    const [, , json] = held.find((row) => row[0] === table && row[1] === id) ?? [];
    if (json === undefined || result.seq === 0 || op !== 'update') return result;
    const before = json === null ? null : unlessDamaged(() => readValues(json));
    // What is damaged keeps its sequence: from there it is pulled again.
    if (before !== undefined) {
      const row = before && JSON.stringify({ ...before, ...values });
      sql.run('UPDATE held_row SET seq = ?, row = ? WHERE tbl = ? AND id = ?', [result.seq, row, table, id]);
    }
    return { ...result, seq: 0 };
  });
}

/** Rows that were set aside and can no longer be read are forgotten, and the cursor steps back to have them again (I6). */
export function pullDamagedAgain(sql: WriteSql): void {
  const held = sql.arrays('SELECT tbl, id, seq, row FROM held_row WHERE row IS NOT NULL');
  for (const [table, id, seq, json] of held) {
    if (unlessDamaged(() => readValues(json!))) continue;
    sql.run('DELETE FROM held_row WHERE tbl = ? AND id = ?', [table!, id!]);
    sql.run('UPDATE sync_state SET cursor = max(0, min(cursor, ? - 1))', [seq!]);
  }
}

/** Why the work failed, or null. What it wrote until then is undone; a full disk fails the whole transaction. */
function attempt(sql: WriteSql, work: () => void): string | null {
  sql.run('SAVEPOINT stored_rows');
  try {
    work();
  } catch (error) {
    if (!(error instanceof StorageError) || error.code === 'storage_full') throw error;
    sql.run('ROLLBACK TO stored_rows');
    sql.run('RELEASE stored_rows');
    return error.message;
  }
  sql.run('RELEASE stored_rows');
  return null;
}

/** A newer state of a row stands in for the one that was set aside, and for what was answered for. */
function release(sql: WriteSql, page: RowPage): void {
  const { table } = page;
  forgetPulled(sql, page);
  if (sql.arrays('SELECT 1 FROM held_row WHERE tbl = ? LIMIT 1', [table]).length === 0) return;
  const { ids, seqs } = page;
  const rows = ids.map((id, index) => [table, id, seqs[index]!]);
  sql.runMany('DELETE FROM held_row WHERE tbl = ? AND id = ? AND seq <= ?', rows);
}

function hold(sql: WriteSql, { page, id, error }: { page: RowPage; id: string; error: string }): void {
  const values = page.deleted.length > 0 ? null : Object.fromEntries(page.columns.map(cellOf(page)));
  sql.run(
    `INSERT INTO held_row (tbl, id, seq, row, error) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tbl, id) DO UPDATE SET seq = excluded.seq, row = excluded.row, error = excluded.error WHERE excluded.seq >= seq`,
    [page.table, id, page.seqs[0]!, values && JSON.stringify(values), error],
  );
}

function cellOf(page: RowPage) {
  return (column: string, index: number): [string, Value] => [column, page.values[index]![0]!];
}

function rowAt(page: RowPage, index: number): RowPage {
  return {
    table: page.table,
    columns: page.columns,
    ids: [page.ids[index]!],
    seqs: [page.seqs[index]!],
    deleted: page.deleted.includes(index) ? [0] : [],
    values: page.values.map((column) => [column[index]!]),
  };
}

interface HeldRow {
  readonly table: string;
  readonly id: string;
  readonly seq: number;
  readonly values: Readonly<Record<string, Value>> | null;
}

function heldPage({ table, id, seq, values }: HeldRow): RowPage {
  const columns = Object.keys(values ?? {});
  return {
    table,
    ids: [id],
    seqs: [seq],
    deleted: values === null ? [0] : [],
    columns,
    values: columns.map((column) => [values?.[column] ?? null]),
  };
}
