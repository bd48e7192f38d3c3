/**
 * The server's storage port. Two behavioural suites (tests/conformance/change-store.ts and account-store.ts), an
 * implementation a folder under `stores/`. Every method is scoped to one user by its first argument (I7).
 */
import type { Change, ChangeResult, RowPage, Sequence, Stamp } from '../protocol/messages.ts';
import type { AccountStore } from './account-store.ts';

export interface Push {
  readonly user: string;
  readonly device: string;
  /** The version of the schema that the device has. */
  readonly schema: number;
  readonly cursor: Sequence;
  readonly changes: readonly Change[];
  /** Most rows to pull after the push; 0 for none. */
  readonly limit: number;
  /** The server's clock, milliseconds since 1970. */
  readonly now: number;
}

export interface Pulled {
  readonly results: readonly ChangeResult[];
  readonly changes: readonly RowPage[];
  readonly cursor: Sequence;
  readonly more: boolean;
  readonly clock: Stamp;
  /** The account's highest sequence after this push, and whether the push raised it (then the other devices are poked). */
  readonly head: Sequence;
  readonly changed: boolean;
}

export interface ChangeStore extends AccountStore {
  /**
   * Merges and stores the changes and reads the rows after the cursor, in one transaction. Durable when it resolves.
   * Rejects with `StoreUnavailable` when the storage cannot serve, and with `UnknownAccount` when the account was deleted
   * meanwhile; then nothing of this push was stored.
   */
  exchange(push: Push): Promise<Pulled>;
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
