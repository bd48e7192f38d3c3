/**
 * A push, decided without a database: each change is merged with the row as it is stored, in the order sent, and what comes
 * of it is handed back to be written. Pure, so both stores decide alike. What a row becomes is `sync/merge.ts`'s (I5).
 */
import type { Change, ChangeError, ChangeResult, Sequence, Stamp } from '../../protocol/messages.ts';
import type { Values } from '../../schema/column.ts';
import { conflictSettingPrefix, strategyFrom, type StrategyFor } from '../../schema/policies.ts';
import type { Schema } from '../../schema/schema.ts';
import { currentSchema } from '../../schema/tables.ts';
import { validateChange } from '../../schema/validate.ts';
import { limits } from '../../protocol/limits.ts';
import { latestStamp } from '../../sync/change.ts';
import { observe, stampAt } from '../../sync/clock.ts';
import { mergeChange, type StoredRow } from '../../sync/merge.ts';
import type { Push } from '../change-store.ts';
import { encodeRow, serverDevice, type StoredText } from './row-codec.ts';

/** Where an account stands. */
export interface AccountState {
  readonly head: Sequence;
  /** The highest stamp that it has seen. */
  readonly clock: Stamp;
}

/** A live row of `setting` that says how conflicts end. */
export interface Choice {
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

/** What the push meets: the account's rows before it. */
export interface StoredRows {
  row(table: string, id: string): StoredRow | null;
  /** Every setting whose key begins with `conflictSettingPrefix`. Asked only when two devices disagree. */
  choices(): Iterable<Choice>;
}

/** A row to store, in the place of the one of its table and id. */
export interface RowWrite extends StoredText {
  readonly table: string;
  readonly id: string;
  /** Above the account's head when devices must get the row, else that of the row before. */
  readonly seq: Sequence;
  readonly deleted: boolean;
  /** Whether the row is among the choices. */
  readonly choice: boolean;
  /** The device holds the row as it is, being what it just sent: its pull leaves it out. */
  readonly clean: boolean;
}

export interface MergedPush extends AccountState {
  /** One for each change, in order. */
  readonly results: readonly ChangeResult[];
  /** One for each row that is to be stored. */
  readonly writes: readonly RowWrite[];
}

export interface MergeOptions {
  readonly push: Push;
  readonly account: AccountState;
  readonly rows: StoredRows;
  readonly newId: () => string;
  /** What this server knows; the app's own unless a test has several versions. */
  readonly schema?: Schema;
}

interface Draft {
  readonly table: string;
  readonly row: StoredRow;
  readonly clean: boolean;
}

/** A push under way. */
interface Run extends MergeOptions {
  readonly schema: Schema;
  head: Sequence;
  clock: Stamp;
  readonly drafts: Map<string, Draft>;
  /** Tables in this push that a newer version of the app has and this server does not know. */
  readonly unknownTables: Set<string>;
  /** Null until a conflict asks for it, and again after a choice was written. */
  strategy: StrategyFor | null;
}

export function mergePush(options: MergeOptions): MergedPush {
  const { account, schema = currentSchema } = options;
  const run: Run = { ...options, ...account, schema, drafts: new Map(), unknownTables: new Set(), strategy: null };
  const results = options.push.changes.map((change) => applyChange(run, change));
  return { results, writes: Array.from(run.drafts.values(), toWrite), head: run.head, clock: run.clock };
}

/** A space occurs in no table name and in no id. */
export function rowKey(table: string, id: string): string {
  return `${table} ${id}`;
}

function applyChange(run: Run, change: Change): ChangeResult {
  const { table, id } = change;
  const { schema, push } = run;
  const key = rowKey(table, id);
  const invalid = validateChange(change, { schema, version: push.schema }) ?? unknownTable(run, table);
  if (invalid) return { status: 'rejected', seq: 0, error: invalid };
  const row = run.drafts.get(key)?.row ?? run.rows.row(table, id);
  if (isTooWide(row, change)) return { status: 'rejected', seq: 0, error: { code: 'invalid_change' } };
  const mergeAt = (seq: Sequence) =>
    mergeChange({
      row,
      change,
      device: push.device,
      cursor: push.cursor,
      seq,
      now: push.now,
      schema,
      strategyFor: (of, column) => (run.strategy ??= readStrategy(run))(of, column),
    });
  const first = mergeAt(run.head + 1);
  // A row comes after the conflicts that it made: a device that has heard of the row has what lost there (I4).
  for (const values of first.conflicts) putConflict(run, values);
  const seq = run.head + 1;
  const merged = first.conflicts.length === 0 ? first : mergeAt(seq);
  if (merged.row) {
    const moved = merged.row.seq === seq;
    // A row that did not move is as clean or not as what moved it before.
    const clean = moved ? merged.clean : (run.drafts.get(key)?.clean ?? false);
    put(run, key, { table, row: merged.row, clean });
    run.clock = observe(run.clock, latestStamp(change));
    if (moved) run.head = seq;
  }
  return merged.result;
}

/** A newer app adds a few tables at most: more of them in one push are no app's. */
function unknownTable({ schema, unknownTables }: Run, table: string): ChangeError | null {
  if (schema.tableOf(table)) return null;
  unknownTables.add(table);
  return unknownTables.size > limits.unknownTables ? { code: 'unknown_table' } : null;
}

/** With columns that newer apps added, from one push to the next. */
function isTooWide(row: StoredRow | null, { values }: Change): boolean {
  if (!row || !values) return false;
  const added = Object.keys(values).filter((name) => !Object.hasOwn(row.columns, name));
  return Object.keys(row.columns).length + added.length > limits.rowColumns;
}

function put(run: Run, key: string, draft: Draft): void {
  run.drafts.set(key, draft);
  if (isChoice(draft)) run.strategy = null;
}

function putConflict(run: Run, values: Values): void {
  run.head += 1;
  const write = { stamp: stampAt(run.push.now), device: serverDevice, seq: run.head };
  const columns = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, ...write }]));
  const row: StoredRow = { id: run.newId(), seq: run.head, deleted: null, columns, seen: {} };
  run.clock = observe(run.clock, write.stamp);
  put(run, rowKey('conflict', row.id), { table: 'conflict', row, clean: false });
}

/** The stored choices, with those of this very push in their place. */
function readStrategy(run: Run): StrategyFor {
  const choices = new Map<string, { key: string; value: string }>();
  for (const { id, key, value } of run.rows.choices()) choices.set(id, { key, value });
  for (const draft of run.drafts.values()) {
    if (draft.table !== 'setting') continue;
    choices.delete(draft.row.id);
    if (!isChoice(draft) || draft.row.deleted) continue;
    const { key, value } = draft.row.columns;
    choices.set(draft.row.id, { key: String(key?.value), value: String(value?.value) });
  }
  return strategyFrom(choices.values(), run.schema);
}

function isChoice({ table, row }: Draft): boolean {
  return table === 'setting' && String(row.columns['key']?.value).startsWith(conflictSettingPrefix);
}

function toWrite(draft: Draft): RowWrite {
  const { table, row, clean } = draft;
  const { data, meta } = encodeRow(row);
  return { table, id: row.id, seq: row.seq, deleted: row.deleted !== null, choice: isChoice(draft), clean, data, meta };
}
