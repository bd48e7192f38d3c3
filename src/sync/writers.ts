/**
 * Whether what a device sends goes on from what the server has of it. A browser restored from a backup, beside the one
 * that the backup was taken of, has the same device id; taken for one device, they would hide each other's edits: what is
 * not later than what was seen counts as a duplicate, and nothing of the own device is a conflict (I4).
 *
 * Every opening of a device's database that edits takes a random id, the writer. A writer and the stamp of the latest edit
 * by then name a state of the device, and everything before is in that state: the past of a device is a line. The server
 * keeps the state that it merged last and takes a push only if that state is in the sender's past. A copy of the file has
 * the past, but not what its original does afterwards. A lost reply, a kill or a duplicate changes no past, so none of
 * them looks like a copy; a request that arrives after a later one does, and nobody waits for its answer.
 */
import { limits } from '../protocol/limits.ts';
import type { Stamp, WriterState } from '../protocol/messages.ts';

/** The past of a device as it keeps it. Plain data: it is stored as JSON. */
export interface Writers {
  /** The last state that the server has answered for. */
  readonly merged: WriterState | null;
  /** The writers since, oldest first, each with its latest edit when it ended; the last one may still edit. */
  readonly since: readonly WriterState[];
}

export const noWriters: Writers = { merged: null, since: [] };

/** `latest`: of the edits that wait, 0 for none. The last writer has ended with that. */
export function beginWriter(past: Writers, { writer, latest }: { writer: string; latest: Stamp }): Writers {
  return { ...past, since: [...upTo(past.since, latest), [writer, 0] as const].slice(1 - limits.writers) };
}

/** The states to be sent, for edits up to `latest`. The last one is what the server then has. */
export function sentStates({ merged, since }: Writers, latest: Stamp): readonly WriterState[] {
  const states = upTo(since, latest);
  return merged && merged[0] !== states[0]?.[0] ? [merged, ...states] : states;
}

/** The server has answered for a push with these states. Who edited meanwhile goes on. */
export function answered({ since }: Writers, sent: readonly WriterState[]): Writers {
  const merged = sent.at(-1) ?? null;
  const at = since.findIndex(([writer]) => writer === merged?.[0]);
  const goesOn = since.slice(Math.max(at, 0));
  // Later pushes may hold earlier edits: the state that is sent never goes back.
  return { merged, since: goesOn.map((state, index) => (index === 0 && at >= 0 ? laterOf(state, merged!) : state)) };
}

/**
 * The stamps of edits that wait were changed: requests that are still under way with the old ones must not count as this
 * device's past, however late they arrive.
 */
export function restamped({ merged }: Writers, writer: string): Writers {
  return { merged, since: [[writer, 0]] };
}

/** On the server: whether the state that it has merged is in the past of the sender. */
export function isInPast(merged: WriterState, sent: readonly WriterState[]): boolean {
  const [writer, stamp] = merged;
  return sent.some((state) => state[0] === writer && state[1] >= stamp);
}

function laterOf(a: WriterState, b: WriterState): WriterState {
  return a[1] >= b[1] ? a : b;
}

function upTo(since: readonly WriterState[], latest: Stamp): WriterState[] {
  return since.map((state, index) => (index === since.length - 1 ? laterOf(state, [state[0], latest]) : state));
}
