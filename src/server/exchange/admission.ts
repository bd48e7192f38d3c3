/**
 * Whether an exchange may take place, before anything of it is merged: is this the device that the account knows by this
 * id, and is the history that its cursor counts in still the server's. Pure, so that both stores decide alike.
 *
 * A server cannot tell by itself that it was restored from a backup, but every start of it begins a new epoch in the
 * accounts that it writes to. A device names the epochs that it knows: where the newest that both know has ended here, the
 * common history ends (I4, I6).
 *
 * Deletions up to the horizon are no longer told (compaction.ts). A reply names the horizon too. A device whose cursor is
 * below it has missed some, unless the horizon is still where it was when the device last heard of it: then it has loaded
 * everything since, or is about to.
 */
import type { Sequence } from '../../protocol/messages.ts';
import { isInPast } from '../../sync/writers.ts';
import type { Push, Refusal } from '../change-store.ts';

/** Of a device, as it was last written down. */
export interface DeviceState {
  /** What was last merged of it; null before its first push. */
  readonly writer: string | null;
  readonly stamp: number;
  /** What it certainly has: the cursor that it sent. May lag behind. */
  readonly cursor: Sequence;
  readonly session: string | null;
  /** Milliseconds since 1970. */
  readonly seenAt: number;
  readonly retired: boolean;
}

export interface Epoch {
  readonly id: string;
  /** The first sequence that was given in it. */
  readonly first: Sequence;
}

/** An account's history, as far as it is still told. */
export interface History {
  readonly head: Sequence;
  /** Deletions up to here are no longer told: a device that has not heard of them has to load everything anew. */
  readonly horizon: Sequence;
  /** Ids of the last epochs, as devices store them. */
  readonly epochs: string;
  /** All epochs, by their first sequence. Asked only when a device names others than `epochs`. */
  allEpochs(): readonly Epoch[];
}

/** A reply names this many epochs: a device is rarely away for more starts of the server, and then loses nothing by it. */
const epochsTold = 4;
/** Between two notes that a device which only pulls was here, in milliseconds. */
const notedEvery = 5 * 60_000;
const notedAtLeast = 12 * 3_600_000;

/** Why the exchange cannot be, or null when it can. */
export function refusalOf(push: Push, device: DeviceState | null, history: History): Refusal | null {
  // First: what the server lost must be brought back (I4), and the device takes a new id with it anyway.
  const common = commonHistory(heard(push.epoch).epochs, history);
  if (push.known > common) return { code: 'history_lost', sequence: common };
  if (device?.retired) return { code: 'device_retired' };
  if (device && device.writer !== null && !isInPast([device.writer, device.stamp], push.writers)) {
    return { code: 'device_taken' };
  }
  return missesDeletions(push, history) ? { code: 'history_compacted' } : null;
}

/** Who knows nothing yet, or no more, has no row that could be gone. */
function missesDeletions({ known, cursor, epoch }: Push, { horizon }: History): boolean {
  return known + cursor > 0 && cursor < horizon && heard(epoch).horizon !== horizon;
}

/** What a reply says of the history, and the device's next request repeats: the epochs, and the horizon when there is one. */
export function told({ epochs, horizon }: Pick<History, 'epochs' | 'horizon'>): string {
  return horizon === 0 ? epochs : `${epochs}~${horizon}`;
}

export function heard(epoch: string): Pick<History, 'epochs' | 'horizon'> {
  const [epochs, horizon = 0] = epoch.split('~') as [epochs: string, horizon?: string];
  return { epochs, horizon: Number(horizon) };
}

/** What to write down of the device, or null when that can wait. */
export function noteOf(push: Push, device: DeviceState | null): DeviceState | null {
  const { changes, writers, cursor, session, now } = push;
  const merged = changes.length > 0 ? writers.at(-1) : undefined;
  const since = now - (device?.seenAt ?? 0);
  const isDue =
    device === null ||
    changes.length > 0 ||
    cursor < device.cursor ||
    session !== device.session ||
    (cursor > device.cursor && since >= notedEvery) ||
    since >= notedAtLeast;
  if (!isDue) return null;
  const [writer, stamp] = merged ?? [device?.writer ?? null, device?.stamp ?? 0];
  return { writer, stamp, cursor, session, seenAt: now, retired: false };
}

/** An epoch's id, of the random part of an id: enough that no two starts of a server share one. */
export function epochOf(id: string): string {
  return id.slice(-12);
}

/** What devices are told once this epoch has begun in the account. */
export function epochsWith(epochs: string, epoch: string): string {
  return [...epochs.split('.').filter(Boolean), epoch].slice(-epochsTold).join('.');
}

export function isInEpoch(epochs: string, epoch: string): boolean {
  return epochs.split('.').at(-1) === epoch;
}

/** The last sequence of the history that the device and the server share. */
function commonHistory(known: string, { head, epochs, allEpochs }: History): Sequence {
  if (known === epochs) return head;
  const all = allEpochs();
  const endOf = (index: number): Sequence => (index + 1 < all.length ? all[index + 1]!.first - 1 : head);
  if (known === '') return endOf(-1);
  for (const id of known.split('.').reverse()) {
    const index = all.findIndex((epoch) => epoch.id === id);
    if (index >= 0) return endOf(index);
  }
  return 0;
}
