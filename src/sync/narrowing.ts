/**
 * Finding the one change for which the server refuses a whole request, so that the others are not held up by it: half is
 * sent, and half of that, until it is alone. Alone it has to be refused twice, with an empty request accepted in between,
 * before it is set aside: a request that was damaged on its way, and a server that takes nothing, look alike at first.
 */
import type { ErrorCode } from '../protocol/errors.ts';
import type { Batch } from './ports.ts';

export interface Narrowing {
  /** The most changes that are sent at once. Halved by every refusal, doubled by every reply. */
  readonly most: number;
  /** Changes that were set aside in this run. */
  readonly setAside: number;
}

/**
 * More than these are not set aside in one run: where nearly every change is refused, the changes are not what is wrong,
 * and an update of the app will send them.
 */
const mostSetAside = 10;

/** As many as were gathered. */
export const wide: Narrowing = { most: Infinity, setAside: 0 };

/** Codes that blame the request as a whole, and so perhaps one change in it. */
const ofWhole: readonly ErrorCode[] = ['malformed', 'invalid', 'too_large'];

export function isOfWhole(code: ErrorCode): boolean {
  return ofWhole.includes(code);
}

/** No more of the batch than is sent at once. What is left out waits as what was not gathered. */
export function narrowed<B extends Batch>(batch: B, { most }: Narrowing): B {
  return batch.changes.length > most ? { ...batch, changes: batch.changes.slice(0, most), more: true } : batch;
}

export function halved(narrowing: Narrowing, { changes }: Batch): Narrowing {
  return { ...narrowing, most: Math.floor(changes.length / 2) };
}

export function widened(narrowing: Narrowing): Narrowing {
  return { ...narrowing, most: narrowing.most * 2 };
}

/** With one more set aside, or null when there were too many already. */
export function withSetAside(narrowing: Narrowing): Narrowing | null {
  return narrowing.setAside < mostSetAside ? { ...narrowing, setAside: narrowing.setAside + 1 } : null;
}
