/**
 * What a new device of an account with many rows gets first: the rows that a person looks at first. Its cursor stays
 * at 0, so all of it comes again with the pages, and a device that was cut off lacks nothing (I6).
 */
import type { Sequence } from '../../protocol/messages.ts';
import { shortPull, type Push } from '../change-store.ts';
import { mostRows } from './page.ts';

/** In this order. Rows, at most: together some 20 kB on the wire, which is sent twice. */
export const previewed = {
  /** Of each of the tables that are small: who the person is, what they chose, how far they are. */
  whole: 50,
  wholeTables: ['profile', 'setting', 'learning_progress'],
  /** Studied words whose time has come, the longest due first. */
  due: 100,
  /** The words added last. */
  newest: 150,
  /** Of so many rows that were changed last: to know it of all would take an index that every push pays for. */
  newestOf: 2_000,
} as const;

/** Whether the device takes one; whether it gets one depends on how much there is. */
export function takesPreview(push: Push): boolean {
  return push.preview === true && push.cursor === 0 && mostRows(push) > 0;
}

/** Not where all of it is there as soon. */
export function getsPreview(push: Push, { head }: { readonly head: Sequence }): boolean {
  return takesPreview(push) && head > Math.min(mostRows(push), shortPull);
}
