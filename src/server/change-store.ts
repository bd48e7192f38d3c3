/**
 * The server's storage port. Three behavioural suites (tests/conformance/change-store.ts, account-store.ts and
 * push-store.ts), an implementation a folder under `stores/`. Every method is scoped to one user by its first argument (I7).
 */
import type { Result } from '../base/result.ts';
import type { Change, ChangeResult, DeviceEntry, RowPage, Sequence, Stamp, WriterState } from '../protocol/messages.ts';
import type { AccountStore } from './account-store.ts';
import type { Compacted, CompactionStep } from './exchange/compaction.ts';
import type { PushStore } from './push-store.ts';

/** Rows. A pull of fewer is short: it waits for no turn, and is there as soon as a preview would be. */
export const shortPull = 1_000;

export interface Push {
  readonly user: string;
  readonly device: string;
  /** The version of the schema that the device has. */
  readonly schema: number;
  /** Hash of the session's token that the request came with. */
  readonly session: string | null;
  readonly writers: readonly WriterState[];
  readonly epoch: string;
  readonly cursor: Sequence;
  readonly known: Sequence;
  readonly changes: readonly Change[];
  /** Most rows to pull after the push; 0 for none. */
  readonly limit: number;
  /** Whether the device takes a preview in place of its first page (exchange/preview.ts). */
  readonly preview?: boolean | undefined;
  /** The server's clock, milliseconds since 1970. */
  readonly now: number;
}

export interface Pulled {
  readonly results: readonly ChangeResult[];
  readonly changes: readonly RowPage[];
  readonly cursor: Sequence;
  readonly epoch: string;
  readonly more: boolean;
  /** The rows are a preview: the cursor stays where it was. */
  readonly preview?: true;
  readonly clock: Stamp;
  /** The account's highest sequence after this push, and whether the push raised it (then the other devices are poked). */
  readonly head: Sequence;
  readonly changed: boolean;
}

/** The exchange cannot be as it was asked for; the device puts right what is meant and asks again (exchange/admission.ts). */
export interface Refusal {
  readonly code: 'device_taken' | 'device_retired' | 'history_compacted' | 'history_lost';
  /** With `history_lost`: the last sequence that device and server share. */
  readonly sequence?: Sequence;
}

export interface Retirement {
  readonly user: string;
  readonly device: string;
  /** Hash of the token of a session that must not end by it: the one that asks. */
  readonly except: string;
  readonly now: number;
}

export interface Retired {
  /** Hash of the token of the session that ended with it, or null. */
  readonly session: string | null;
}

export interface ChangeStore extends AccountStore, PushStore {
  /**
   * Merges and stores the changes and reads the rows after the cursor, in one transaction. Durable when it resolves.
   * Rejects with `StoreUnavailable` when the storage cannot serve, and with `UnknownAccount` when the account was deleted
   * meanwhile; then nothing of this push was stored.
   *
   * A device that asks for a preview gets that in place of the first page, if the account has many rows.
   *
   * Before anything is merged `refusalOf` decides, in the same transaction; a refused exchange writes nothing. What
   * `noteOf` says of the device is stored with the exchange, under the name of the session it came with. The first write of a process to
   * an account begins an epoch: a row of the epochs with the first new sequence, and `epochsWith` in the account. An
   * epoch's id is made anew whenever a process opens the store; processes that share one database share the newest.
   */
  exchange(push: Push): Promise<Result<Pulled, Refusal>>;
  /** Those that were not retired, the latest seen first, with the session of each that is good at `now`. */
  devices(user: string, now: number): Promise<DeviceEntry[]>;
  /**
   * The device no longer counts, and its session ends. Null when the user has no such device. Its id is never taken up
   * again: when it comes back it takes a new one.
   */
  retireDevice(retirement: Retirement): Promise<Retired | null>;
  /**
   * Lets go of a little that is no longer needed, of one account that is due, whichever: as exchange/compaction.ts decides,
   * in one short transaction. To be called again while there is more.
   */
  compact(step: CompactionStep): Promise<Compacted>;
  /** The account's highest sequence. */
  head(user: string): Promise<Sequence>;

  /** Rejects with `StoreUnavailable` when the store cannot serve. */
  check(): Promise<void>;
  /** Finishes what was begun, then closes. */
  close(): Promise<void>;
}

/** The storage under the store does not serve now: disk full, locked, unreadable. Trying again later can help. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

/** The account is not there, or not any more. */
export class UnknownAccount extends Error {
  constructor() {
    super('no such account');
    this.name = 'UnknownAccount';
  }
}
