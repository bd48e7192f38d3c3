/** What a device's file holds, as plain data: what the checks compare. */
import type { Value } from '../../src/base/value.ts';
import { columnsOf, syncOrder, type TableName } from '../../src/schema/tables.ts';

export interface DeviceRow {
  readonly table: TableName;
  readonly id: string;
  readonly seq: number;
  /** In the order of `columnsOf`. */
  readonly values: readonly Value[];
}

export interface OutboxEntry {
  readonly op: 'insert' | 'update' | 'delete';
  readonly stamp: number;
  readonly baseSeq: number;
  /** Dirty columns of an update. */
  readonly columns: ReadonlySet<string>;
  readonly base: Readonly<Record<string, readonly [number, Value]>>;
}

export interface View {
  readonly rows: ReadonlyMap<string, DeviceRow>;
  readonly outbox: ReadonlyMap<string, OutboxEntry>;
  readonly rejected: number;
  /** Rows of the server that their table refused, by the sequence of what was set aside. */
  readonly held: ReadonlyMap<string, number>;
  readonly device: string;
  readonly user: string | null;
  readonly cursor: number;
  readonly clock: number;
  /** What came with an update and was not sent yet (client/db/refill.ts). */
  readonly lacks: number;
}

/** Runs a query on a connection and gives its rows as arrays. */
export type Select = (sql: string) => Value[][];

const watched = syncOrder.filter((table) => table !== 'document' && table !== 'learning_progress');
const rowQueries = watched.map(
  (table) => [table, `SELECT id, _seq, ${columnsOf(table).join(', ')} FROM ${table}`] as const,
);

export function keyOf(table: string, id: string): string {
  return `${table}/${id}`;
}

export function readView(select: Select): View {
  const rows = new Map<string, DeviceRow>();
  for (const [table, sql] of rowQueries) {
    for (const [id, seq, ...values] of select(sql) as [string, number, ...Value[]][]) {
      rows.set(keyOf(table, id), { table, id, seq, values });
    }
  }
  const outbox = new Map<string, OutboxEntry>();
  const entries = select('SELECT tbl, id, op, stamp, base_seq, stamps, base FROM outbox') as [
    string,
    string,
    OutboxEntry['op'],
    number,
    number,
    string | null,
    string | null,
  ][];
  for (const [table, id, op, stamp, baseSeq, stamps, base] of entries) {
    const columns = new Set(op === 'update' && stamps !== null ? Object.keys(JSON.parse(stamps) as object) : []);
    const before = op === 'update' && base !== null ? (JSON.parse(base) as OutboxEntry['base']) : {};
    outbox.set(keyOf(table, id), { op, stamp, baseSeq, columns, base: before });
  }
  const held = (select('SELECT tbl, id, seq FROM held_row') as [string, string, number][]).map(
    ([table, id, seq]) => [keyOf(table, id), seq] as const,
  );
  const [state] = select(
    `SELECT device, user_id, cursor, clock, (SELECT count(*) FROM rejected_change),
    (SELECT count(*) FROM unfilled_value) + (refill IS NOT NULL) FROM sync_state`,
  );
  const [device, user, cursor, clock, rejected, lacks] = (state ?? ['', null, 0, 0, 0, 0]) as [
    string,
    string | null,
    number,
    number,
    number,
    number,
  ];
  return { rows, outbox, held: new Map(held), rejected, device, user, cursor, clock, lacks };
}

/** What a person would miss: rows and waiting edits, without what only the engine keeps. */
export function sameContents(a: View, b: View): boolean {
  return contents(a) === contents(b);
}

function contents(view: View): string {
  const outbox = [...view.outbox].map(([key, entry]) => [key, entry.op, entry.stamp, [...entry.columns]]);
  return JSON.stringify([[...view.rows].sort(byKey), outbox.sort(byKey), view.user, view.device, view.cursor]);
}

function byKey(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

/** The first thing that two views do not agree on, in words. */
export function difference(a: View, b: View): string {
  for (const key of new Set([...a.rows.keys(), ...b.rows.keys()])) {
    const [x, y] = [JSON.stringify(a.rows.get(key)), JSON.stringify(b.rows.get(key))];
    if (x !== y) return `${key} was ${x ?? 'not there'}, is ${y ?? 'not there'}`;
  }
  for (const key of new Set([...a.outbox.keys(), ...b.outbox.keys()])) {
    const [x, y] = [JSON.stringify(a.outbox.get(key)), JSON.stringify(b.outbox.get(key))];
    if (x !== y) return `outbox ${key} was ${x ?? 'not there'}, is ${y ?? 'not there'}`;
  }
  return `device ${a.device} ${b.device}, user ${a.user} ${b.user}, cursor ${a.cursor} ${b.cursor}`;
}
