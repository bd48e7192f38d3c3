/** Reading a change: its columns' stamps and bases, with the defaults of the wire format filled in. */
import type { Value } from '../base/value.ts';
import type { Change, Sequence, Stamp } from '../protocol/messages.ts';

/** The values of an insert or an update: a change without them is not let in (schema/validate.ts). */
export function valuesOf(change: Change): Readonly<Record<string, Value>> {
  return change.values!;
}

export function stampOf(change: Change, column: string): Stamp {
  return change.stamps?.[column] ?? change.stamp;
}

export function baseSeqOf(change: Change, column: string): Sequence {
  return change.base?.[column]?.[0] ?? change.baseSeq;
}

/** The column's value before the change, or null where the device did not know it. */
export function baseValueOf(change: Change, column: string): Value {
  return change.base?.[column]?.[1] ?? null;
}

/** The stamp of the latest edit in the change: names this state of the record among all states of this device. */
export function latestStamp(change: Change): Stamp {
  return Object.values(change.stamps ?? {}).reduce((latest, stamp) => Math.max(latest, stamp), change.stamp);
}
