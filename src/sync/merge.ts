/**
 * Merge by column, on the server: what a row becomes when a device's change meets it. Pure (I10), so that both stores and
 * the simulation run the very same code.
 *
 * Idempotent (I5): `seen` holds, for each device, the latest stamp merged into this row. A device sends the states of a
 * row in the order of their stamps, so whatever is not later was merged before and is skipped without a conflict.
 * Nothing typed is lost (I4): a value that loses goes into a row of `conflict`.
 */
import type { Value } from '../base/value.ts';
import type { Change, ChangeResult, Sequence, Stamp } from '../protocol/messages.ts';
import type { ConflictStrategy, Values } from '../schema/column.ts';
import type { StrategyFor } from '../schema/policies.ts';
import type { Schema } from '../schema/schema.ts';
import { currentSchema } from '../schema/tables.ts';
import { baseSeqOf, baseValueOf, latestStamp, stampOf, valuesOf } from './change.ts';
import { isLater } from './clock.ts';

/** A write: when and by which device. */
export interface Write {
  readonly stamp: Stamp;
  readonly device: string;
  /** The sequence under which the server accepted it. */
  readonly seq: Sequence;
}

export interface StoredColumn extends Write {
  readonly value: Value;
}

/** A row as the server keeps it. A deleted row keeps its columns, so that a later edit can bring it back whole. */
export interface StoredRow {
  readonly id: string;
  readonly seq: Sequence;
  readonly deleted: Write | null;
  readonly columns: Readonly<Record<string, StoredColumn>>;
  readonly seen: Readonly<Record<string, Stamp>>;
}

/** Of so many devices a row remembers what it has seen. */
const seenDevices = 64;

export interface MergeInput {
  readonly row: StoredRow | null;
  readonly change: Change;
  readonly device: string;
  /** The device's cursor: rows up to it are known there. */
  readonly cursor: Sequence;
  /** The sequence to give if the row changes. */
  readonly seq: Sequence;
  /** The server's clock, milliseconds since 1970. */
  readonly now: number;
  readonly strategyFor: StrategyFor;
  /** What the server knows. Columns beyond it are merged alike, and count as typed. */
  readonly schema?: Schema;
}

export interface Merged {
  /** What to store, or null when nothing is. Its `seq` is the given one only if the row must reach devices. */
  readonly row: StoredRow | null;
  readonly result: ChangeResult;
  /** Rows to insert into `conflict`, each with an id of its own. */
  readonly conflicts: readonly Values[];
  /** Whether the device holds exactly this row already, so that the pull may leave it out. */
  readonly clean: boolean;
}

export function mergeChange(input: MergeInput): Merged {
  const { row, change } = input;
  if (row && latestStamp(change) <= (row.seen[input.device] ?? 0)) return again(input, row);
  // A row deleted before the server ever had it has no columns: an edit alone would bring back a part of it.
  if (change.op === 'update' && Object.keys(row?.columns ?? {}).length === 0) {
    return { row: null, result: { status: 'resend', seq: 0 }, conflicts: [], clean: false };
  }
  return finish(input, change.op === 'delete' ? mergeDelete(input) : mergeColumns(input));
}

/**
 * Seen before. The device may hold its own values still, over a row that it pulled between the two tries: if something
 * else stands, the row has to come again.
 */
function again(input: MergeInput, row: StoredRow): Merged {
  const standing = stands(input.change, row);
  const moved = standing ? null : { ...row, seq: input.seq };
  const seq = standing && isKnown(input, row) ? row.seq : 0;
  return { row: moved, result: { status: 'duplicate', seq }, conflicts: [], clean: false };
}

/**
 * Whether the device knows the row as it was before the change: then it holds the very row that results, even where
 * nothing changed here. A row that was deleted there and made anew just as it was is such a one.
 */
function isKnown({ change, cursor }: MergeInput, row: StoredRow): boolean {
  // A deleted row travels without its values: whoever brings it back by an edit may not know the others.
  return row.seq <= cursor && (row.deleted === null || change.op !== 'update');
}

/** A merge under way: the row's new parts and what was decided on the way. */
interface Draft {
  readonly deleted: Write | null;
  readonly columns: Readonly<Record<string, StoredColumn>>;
  /** Something that a device would see is different from before. */
  readonly changed: boolean;
  readonly conflicts: readonly Values[];
  /** Something of what was sent was decided against. */
  readonly lost: boolean;
}

function finish(input: MergeInput, draft: Draft): Merged {
  const { row, change, device } = input;
  const standing = stands(change, draft);
  // What does not stand has to reach the device even if it had the row before: its own value is still there.
  const seq = draft.changed || !standing || !row ? input.seq : row.seq;
  const holds = standing && (row === null || isKnown(input, row));
  const clean = draft.changed && holds;
  const seen = { ...latestSeen(row?.seen ?? {}, device), [device]: latestStamp(change) };
  return {
    row: { id: change.id, seq, deleted: draft.deleted, columns: draft.columns, seen },
    result: { status: draft.lost ? 'merged' : 'applied', seq: holds ? seq : 0 },
    conflicts: draft.conflicts,
    clean,
  };
}

/** Of the other devices those that wrote last: a row is not to grow with every device that its person ever had. */
function latestSeen(seen: StoredRow['seen'], device: string): StoredRow['seen'] {
  const others = Object.entries(seen).filter(([id]) => id !== device);
  if (others.length < seenDevices) return seen;
  return Object.fromEntries(others.sort(([, a], [, b]) => b - a).slice(0, seenDevices - 1));
}

/** Whether the row is, in all that the change speaks of, as it was sent. */
function stands(change: Change, row: Pick<StoredRow, 'deleted' | 'columns'>): boolean {
  if (change.op === 'delete') return row.deleted !== null;
  const sent = Object.entries(valuesOf(change));
  return row.deleted === null && sent.every(([name, value]) => row.columns[name]?.value === value);
}

function mergeDelete(input: MergeInput): Draft {
  const { row, change, device } = input;
  const deletion: Write = { stamp: change.stamp, device, seq: input.seq };
  const columns = row?.columns ?? {};
  if (row?.deleted) {
    const first = isLater(row.deleted, deletion) ? row.deleted : { ...deletion, seq: row.deleted.seq };
    return { deleted: first, columns, changed: false, conflicts: [], lost: false };
  }
  const rivals = Object.entries(columns).filter(
    ([, column]) => column.device !== device && column.seq > change.baseSeq,
  );
  const strategy = input.strategyFor(change.table, '');
  const later = rivals.some(([, column]) => isLater(column, deletion));
  if (rivals.length > 0 && !winsOver(strategy, !later)) {
    const kept = JSON.stringify(Object.fromEntries(rivals.map(([name, column]) => [name, column.value])));
    const conflict = conflictRow(input, { column: '', strategy, base: null, kept, lost: null, loser: device });
    return { deleted: null, columns, changed: false, conflicts: [conflict], lost: true };
  }
  const conflicts = rivals
    .filter(([name]) => keepsLoser(input, name))
    .map(([name, { value, device: loser }]) =>
      conflictRow(input, { column: name, strategy, base: null, kept: null, lost: value, loser }),
    );
  return { deleted: deletion, columns, changed: true, conflicts, lost: false };
}

function mergeColumns(input: MergeInput): Draft {
  const { row, change, device } = input;
  const seen = row?.seen[device] ?? 0;
  // What was merged before is left out, unless it fell with the row that now comes back.
  const stored = row?.columns ?? {};
  const isNew = (name: string) => stampOf(change, name) > seen || !Object.hasOwn(stored, name);
  const sent = Object.entries(valuesOf(change)).filter(([name]) => isNew(name));
  const grave = row?.deleted ?? null;
  const columns: Record<string, StoredColumn> = { ...stored };
  const conflicts: Values[] = [];
  let changed = grave !== null;
  let lost = false;
  for (const [name, value] of sent) {
    const mine: StoredColumn = { value, stamp: stampOf(change, name), device, seq: input.seq };
    const theirs = Object.hasOwn(columns, name) ? columns[name]! : null;
    const outcome = theirs
      ? settle(input, { column: name, mine, theirs })
      : { column: mine, conflict: null, won: true };
    columns[name] = outcome.column;
    changed ||= outcome.column.seq === input.seq;
    lost ||= !outcome.won;
    if (outcome.conflict) conflicts.push(outcome.conflict);
  }
  if (grave && losesToDeletion(input, grave)) {
    // The tombstone takes the columns in all the same: a row that comes back is then the same whatever came first.
    return { deleted: grave, columns, changed: false, conflicts: fallen(input, sent), lost: true };
  }
  return { deleted: null, columns, changed, conflicts, lost };
}

/** Whether an edit that did not know of the deletion does not bring the row back. */
function losesToDeletion({ change, device, strategyFor }: MergeInput, grave: Write): boolean {
  if (grave.device === device || grave.seq <= change.baseSeq) return false;
  return !winsOver(strategyFor(change.table, ''), isLater({ stamp: latestStamp(change), device }, grave));
}

/** What was typed into a row that stays deleted. */
function fallen(input: MergeInput, sent: readonly (readonly [string, Value])[]): Values[] {
  const { change, device: loser } = input;
  const strategy = input.strategyFor(change.table, '');
  return sent
    .filter(([name]) => keepsLoser(input, name))
    .map(([column, lost]) =>
      conflictRow(input, { column, strategy, base: baseValueOf(change, column), kept: null, lost, loser }),
    );
}

interface Settled {
  readonly column: StoredColumn;
  readonly conflict: Values | null;
  readonly won: boolean;
}

function settle(input: MergeInput, at: { column: string; mine: StoredColumn; theirs: StoredColumn }): Settled {
  const { column, mine, theirs } = at;
  if (mine.value === theirs.value) {
    const later = isLater(mine, theirs) ? mine : theirs;
    return { column: { ...later, seq: theirs.seq }, conflict: null, won: true };
  }
  const concurrent = theirs.device !== mine.device && theirs.seq > baseSeqOf(input.change, column);
  if (!concurrent) return { column: mine, conflict: null, won: true };
  const strategy = input.strategyFor(input.change.table, column);
  const won = winsOver(strategy, isLater(mine, theirs));
  const [kept, loser] = won ? [mine, theirs] : [theirs, mine];
  const conflict = keepsLoser(input, column)
    ? conflictRow(input, {
        column,
        strategy,
        base: baseValueOf(input.change, column),
        kept: kept.value,
        lost: loser.value,
        loser: loser.device,
      })
    : null;
  return { column: kept, conflict, won };
}

/** Whether the sent side stands, given whether it is the later one. */
function winsOver(strategy: ConflictStrategy, later: boolean): boolean {
  return strategy === 'local_wins' || (strategy === 'latest_timestamp' && later);
}

function keepsLoser({ schema = currentSchema, change }: MergeInput, column: string): boolean {
  return schema.tableOf(change.table)?.columns[column]?.computed !== true;
}

interface Decision {
  readonly column: string;
  readonly strategy: ConflictStrategy;
  readonly base: Value;
  readonly kept: Value;
  readonly lost: Value;
  readonly loser: string;
}

function conflictRow(input: MergeInput, decision: Decision): Values {
  return {
    table_name: input.change.table,
    row_id: input.change.id,
    column_name: decision.column,
    strategy: decision.strategy,
    base_value: JSON.stringify(decision.base),
    kept_value: JSON.stringify(decision.kept),
    lost_value: JSON.stringify(decision.lost),
    lost_device: decision.loser,
    state: decision.strategy === 'manual_review' ? 'open' : 'decided',
    decided_at: input.now,
  };
}
