/**
 * What the chip in the header says, decided in one place. It never promises more than is known: `synced` needs an account,
 * a connection, nothing waiting, no failure and a run that got through.
 */
import type { SyncStatusRow } from '../../client/db/api.ts';
import type { SyncActivity } from '../../client/sync-api.ts';
import { errors, type ErrorCode } from '../../protocol/errors.ts';

export type ChipKind = 'opening' | 'device' | 'offline' | 'waiting' | 'syncing' | 'synced' | 'attention';

export interface Chip {
  readonly kind: ChipKind;
  readonly label: string;
  /** One sentence for the sync screen and for screen readers. */
  readonly words: string;
}

export interface ChipInput {
  /** Null until the database answered. */
  readonly status: SyncStatusRow | null;
  readonly activity: SyncActivity;
}

export function chipOf({ status, activity }: ChipInput): Chip {
  if (status === null)
    return { kind: 'opening', label: 'Opening', words: 'The database of this device is being opened.' };
  if (status.user_id === null) return withoutAccount(activity.online);
  if (activity.running && activity.online) return syncing(status);
  const attention = attentionOf(status, activity);
  if (attention !== null) return { kind: 'attention', label: 'Needs attention', words: attention };
  if (!activity.online) return offline(status.waiting);
  if (status.waiting > 0) return waiting(status.waiting, failureOf(status, activity));
  const failure = failureOf(status, activity);
  if (failure !== null) return { kind: 'waiting', label: 'Will try again', words: errors[failure].words };
  if (status.last_sync_at === null)
    return { kind: 'waiting', label: 'Not synced yet', words: 'The first sync has not run yet.' };
  return { kind: 'synced', label: 'Synced', words: 'Everything on this device is on the server too.' };
}

/** Fewer changes of other devices than this have arrived before anyone reads how many of them are here. */
const noticeable = 2_000;

/** In tenths: the chip is read aloud when it changes. */
function syncing({ cursor, known }: SyncStatusRow): Chip {
  if (known - cursor < noticeable)
    return { kind: 'syncing', label: 'Syncing', words: 'Your changes are being exchanged with the server.' };
  const percent = Math.floor((cursor / known) * 10) * 10;
  return {
    kind: 'syncing',
    label: percent === 0 ? 'Loading' : `Loading · ${percent} %`,
    words: `${percent} % of what is on the server has arrived. You can use what is here already.`,
  };
}

function withoutAccount(online: boolean): Chip {
  return {
    kind: online ? 'device' : 'offline',
    label: online ? 'On this device' : 'Offline',
    words: 'Everything is kept on this device only. Sign up to have it on your other devices too.',
  };
}

function offline(count: number): Chip {
  return count === 0
    ? {
        kind: 'offline',
        label: 'Offline',
        words: 'There is no connection. Everything on this device was synced before.',
      }
    : {
        kind: 'offline',
        label: `Offline · ${count} waiting`,
        words: `There is no connection. ${changes(count)} on this device and will sync by ${count === 1 ? 'itself' : 'themselves'}.`,
      };
}

function waiting(count: number, failure: ErrorCode | null): Chip {
  const kept = `${changes(count)} on this device.`;
  return {
    kind: 'waiting',
    label: `${count} waiting`,
    words: failure === null ? kept : `${kept} ${errors[failure].words}`,
  };
}

function changes(count: number): string {
  return count === 1 ? '1 change is kept' : `${count} changes are kept`;
}

/**
 * Why the last sync did not get through. What this page saw last counts more than the stored run, which may be of another
 * day; but who has signed out since is signed out.
 */
export function failureOf(status: SyncStatusRow, activity: SyncActivity): ErrorCode | null {
  return status.last_error === 'signed_out' ? 'signed_out' : (activity.failure?.code ?? status.last_error);
}

/** Only what the person has to mend: what passes by itself is no alarm. */
function attentionOf(status: SyncStatusRow, activity: SyncActivity): string | null {
  const failure = failureOf(status, activity);
  if (failure !== null && (errors[failure].retry === 'user' || errors[failure].retry === 'never'))
    return errors[failure].words;
  if (status.rejected > 0)
    return `The server refused ${status.rejected === 1 ? 'one change' : `${status.rejected} changes`}. See below which and why.`;
  if (status.open_conflicts > 0)
    return `${status.open_conflicts === 1 ? 'One change waits' : `${status.open_conflicts} changes wait`} for your decision.`;
  return null;
}
