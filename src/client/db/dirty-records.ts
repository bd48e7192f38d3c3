/**
 * Dirty records as the changes of a push. What is sent waits in the outbox all the same, until it was answered for (I2,
 * outbox.ts).
 */
import type { Value } from '../../base/value.ts';
import { limits } from '../../protocol/limits.ts';
import type { Change, Sequence, Stamp } from '../../protocol/messages.ts';
import type { Batch, UnreadRecords } from '../../sync/ports.ts';
import type { TableError } from '../../sync/report.ts';
import { addErrors } from '../../sync/tally.ts';
import type { ReadSql } from './database.ts';
import { StorageError } from './driver.ts';
import { unfilledIn } from './refill.ts';
import { readBase, readStamps, type Base } from './stored-json.ts';

/**
 * Dirty records in sync order, within the protocol's limits for one push. What cannot be read, a record or a whole table
 * of a damaged file, waits on and is told; the others go.
 */
export function gatherChanges(sql: ReadSql): Pick<Batch, 'changes' | 'more' | 'unread'> {
  const changes: Change[] = [];
  const unread: Record<string, UnreadRecords> = {};
  const fail = (table: string, cause: unknown): void => {
    const { count = 0, errors = [] } = unread[table] ?? {};
    unread[table] = { count: count + 1, errors: addErrors(errors, [unreadable(cause)]) };
  };
  let bytes = 0;
  for (const table of sql.schema.syncOrder) {
    const source: Source = { table, columns: sql.schema.columnsOf(table), unfilled: unfilledIn(sql, table) };
    const room = limits.pushChanges - changes.length + (unread[table]?.count ?? 0);
    for (const row of readDirty(sql, { ...source, room, fail })) {
      const change = attemptRead(source, row, fail);
      if (!change) continue;
      bytes += sizeOf(change);
      if (changes.length > 0 && (changes.length === limits.pushChanges || bytes > limits.pushBytes)) {
        return { changes, more: true, unread };
      }
      changes.push(change);
    }
  }
  return { changes, more: false, unread };
}

type Fail = (table: string, cause: unknown) => void;

/** A table that is read for dirty records. */
interface Source {
  readonly table: string;
  readonly columns: readonly string[];
  /** Columns of a row whose values never came (refill.ts). */
  readonly unfilled: (id: string) => readonly string[];
}

function readDirty(sql: ReadSql, source: Source & { room: number; fail: Fail }): Value[][] {
  const records = selectDirty(source);
  try {
    return readAtOnce(sql, records, source.room + 1) ?? sql.arrays(selected(records), [source.room + 1]);
  } catch (cause) {
    source.fail(source.table, cause);
    return [];
  }
}

/**
 * SQLite writes all of them as one text and JSON.parse reads that: less than a call for each value
 * (docs/decisions/0091-dirty-records-as-one-text.md). Null where it cannot be: more than a text may hold, or damage.
 */
function readAtOnce(sql: ReadSql, { values, from }: Records, most: number): Value[][] | null {
  try {
    const names = values.map((_, at) => `v${at}`);
    const inner = values.map((value, at) => `${value} AS v${at}`).join(', ');
    const [[text] = []] = sql.arrays(
      `SELECT json_group_array(json_array(${names.join(', ')})) FROM (SELECT ${inner} ${from} LIMIT ?)`,
      [most],
    );
    return JSON.parse(String(text)) as Value[][];
  } catch (cause) {
    if (cause instanceof StorageError) return null;
    throw cause;
  }
}

function attemptRead(source: Source, row: readonly Value[], fail: Fail): Change | null {
  try {
    return readChange(source, row);
  } catch (cause) {
    fail(source.table, cause);
    return null;
  }
}

/** What a damaged file gives. Anything else is a bug. */
function unreadable(cause: unknown): TableError {
  if (cause instanceof StorageError) return { code: 'storage_failed', detail: cause.message };
  throw cause;
}

interface Records {
  /** In the order of `readChange`. */
  readonly values: readonly string[];
  readonly from: string;
}

function selectDirty({ table, columns }: Source): Records {
  const record = ['id', 'op', 'stamp', 'since', 'stamps', 'base', 'base_seq'].map((name) => `o.${name}`);
  return {
    values: [...record, ...columns.map((column) => `t.${column}`)],
    from: `FROM outbox o LEFT JOIN ${table} t ON t.id = o.id WHERE o.tbl = '${table}'`,
  };
}

function selected({ values, from }: Records): string {
  return `SELECT ${values.join(', ')} ${from} LIMIT ?`;
}

/**
 * What never came of a row is not this device's to tell: a new row goes without it, and an edit of it is based on nothing,
 * so that what another device wrote there loses to no default and to no edit that did not know of it (I4).
 */
function readChange({ table, columns, unfilled }: Source, row: readonly Value[]): Change {
  const [id, op, stamp, since, stamps, base, baseSeq, ...values] = row as [
    string,
    Change['op'],
    Stamp,
    Stamp,
    string | null,
    string | null,
    Sequence,
    ...Value[],
  ];
  if (op === 'delete') return { table, id, op, stamp, baseSeq };
  const columnStamps = readStamps(stamps);
  const never = unfilled(id);
  if (op === 'insert') {
    const isKnown = (column: string) => column in columnStamps || !never.includes(column);
    const known = columns.flatMap((column, index) => (isKnown(column) ? [[column, values[index]!] as const] : []));
    const edited = stamps === null ? {} : { stamps: columnStamps };
    // A row that goes again after a restored backup (reload.ts) has a base, and this column is not of it.
    const blind = never.filter((column) => column in columnStamps).map((column) => [column, [0, null]] as const);
    const based = blind.length === 0 ? {} : { base: Object.fromEntries(blind) };
    return { table, id, op, stamp: since, ...edited, values: Object.fromEntries(known), baseSeq, ...based };
  }
  const dirty = Object.fromEntries(
    columns.flatMap((column, index) => (column in columnStamps ? [[column, values[index]!] as const] : [])),
  );
  // Edits of one transaction bear one stamp: then it stands once for all.
  const several = Object.values(columnStamps).some((other) => other !== stamp) ? { stamps: columnStamps } : {};
  return {
    table,
    id,
    op,
    stamp,
    ...several,
    values: dirty,
    baseSeq,
    ...(base === null ? {} : { base: unbased(readBase(base, columns), never) }),
  };
}

function unbased(base: Base, never: readonly string[]): Base {
  return Object.fromEntries(
    Object.entries(base).map(([column, [seq, value]]) => [column, [never.includes(column) ? 0 : seq, value]]),
  );
}

/** Roughly the bytes of the change as JSON; UTF-16 length is near enough for a limit far below the server's. */
export function sizeOf(change: Change): number {
  let size = 150;
  for (const value of Object.values(change.values ?? {})) size += 20 + (typeof value === 'string' ? value.length : 8);
  for (const [, value] of Object.values(change.base ?? {})) size += 20 + (typeof value === 'string' ? value.length : 8);
  return size;
}
