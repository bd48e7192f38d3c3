/**
 * What an account's history no longer needs, decided without a database. Accounts are visited by turns, each about once in
 * `settle`, and a visit is made in steps of `stepRows`, so that nobody's push waits for long.
 *
 * A conflict that was decided, by rule or by the person, is deleted when nobody has touched it for `conflictAge`: it leaves
 * a tombstone as any deleted row does. A tombstone is forgotten when no device that counts can still need it (I3): every
 * one has sent a cursor beyond it, and it was no newer than the head that the visit before has noted, so that what was
 * under way when the last device heard of it has ended. A device that was not seen for `deviceAge` no longer counts. When
 * it comes back its cursor is below the horizon, and it loads everything anew (admission.ts), with its own edits (I4).
 *
 * Tombstones that a conflict names stay while it does: by a decision the row can come back, with the columns they keep.
 */
import type { Sequence } from '../../protocol/messages.ts';
import { stampAt } from '../../sync/clock.ts';
import { buriedMeta, latestWrite, parseMeta, type Meta } from './row-codec.ts';

/** In milliseconds. */
export interface CompactionRules {
  /** How long a decided conflict is kept after it was last touched. */
  readonly conflictAge: number;
  /** After how long without a sign of it a device no longer holds up what others need not have. */
  readonly deviceAge: number;
  /** How long deletions are kept at least, after all devices have heard of them. */
  readonly settle: number;
}

export interface CompactionStep {
  readonly rules: CompactionRules;
  /** The server's clock, milliseconds since 1970. */
  readonly now: number;
}

export interface Compacted {
  /** Whether there may be more to do at once. */
  readonly more: boolean;
  /** How many conflicts were deleted, and how many tombstones were forgotten. */
  readonly conflicts: number;
  readonly tombstones: number;
}

/** No account was due. */
export const nothingDue: Compacted = { more: false, conflicts: 0, tombstones: 0 };

/** Most conflicts, and most tombstones, of one step. */
export const stepRows = 250;

/** An account that is visited. */
export interface Visited {
  readonly head: Sequence;
  readonly horizon: Sequence;
  /** Its head at the visit before. */
  readonly noted: Sequence;
  /** The lowest cursor of the devices that count; null: there are none. */
  readonly cursor: Sequence | null;
}

/** A device that was last seen before this does not count. */
export function countedSince({ now, rules }: CompactionStep): number {
  return now - rules.deviceAge;
}

/** An account whose head was noted by then is due. */
export function dueSince({ now, rules }: CompactionStep): number {
  return now - rules.settle;
}

/** Tombstones up to here are forgotten. */
export function forgettable({ noted, cursor }: Visited): Sequence {
  return Math.min(noted, cursor ?? noted);
}

/** A live conflict that waits for nobody's decision. */
export interface DecidedConflict {
  readonly id: string;
  readonly meta: string;
}

export interface Burial {
  readonly id: string;
  readonly seq: Sequence;
  readonly meta: string;
}

/**
 * Those that are old enough become tombstones. The stamp is that of the last touch: whatever a person does with the
 * conflict later, on a device that has not heard of it, brings it back.
 */
export function burials(found: readonly DecidedConflict[], head: Sequence, { now, rules }: CompactionStep): Burial[] {
  const before = stampAt(now - rules.conflictAge);
  const old = found
    .map(({ id, meta }) => ({ id, meta: parseMeta(meta) }))
    // One that is damaged stays, and holds up neither the others nor the accounts that come after its own.
    .filter((conflict): conflict is { id: string; meta: Meta } => Boolean(conflict.meta?.w))
    .filter(({ meta }) => latestWrite(meta) <= before);
  return old.map(({ id, meta }, index) => {
    const seq = head + 1 + index;
    return { id, seq, meta: buriedMeta(meta, seq) };
  });
}

export interface StepResult {
  readonly visited: Visited;
  /** Conflicts that were looked at, and those of them that were deleted. */
  readonly found: number;
  readonly buried: number;
  /** Sequences of the tombstones that were forgotten. */
  readonly forgotten: readonly Sequence[];
}

export interface AccountAfter {
  readonly head: Sequence;
  readonly horizon: Sequence;
  /** The visit has come to its end: the head is noted, and the account is not due again for a while. */
  readonly ends: boolean;
}

export function afterStep({ visited, found, buried, forgotten }: StepResult): AccountAfter {
  const goesOn = (buried > 0 && found === stepRows) || forgotten.length === stepRows;
  const horizon = forgotten.reduce((highest, seq) => Math.max(highest, seq), visited.horizon);
  return { head: visited.head + buried, horizon, ends: !goesOn };
}
