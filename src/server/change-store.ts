/**
 * The server's storage port. One behavioural suite (tests/conformance/change-store.ts), an implementation a folder under
 * `stores/`. Every method is scoped to one user by its first argument (I7).
 */
import type { Change, ChangeResult, RowPage, Sequence, Stamp } from '../protocol/messages.ts';

export interface Account {
  readonly id: string;
  readonly name: string;
}

export interface NewAccount extends Account {
  /** The name as it is compared: two accounts never share one. */
  readonly nameKey: string;
  readonly passwordHash: string;
  readonly now: number;
}

export interface Session {
  readonly user: Account;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface NewSession {
  /** SHA-256 of the cookie's token, hexadecimal. */
  readonly tokenHash: string;
  readonly user: string;
  readonly deviceName: string;
  readonly now: number;
  readonly expiresAt: number;
}

export interface Push {
  readonly user: string;
  readonly device: string;
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

export interface ChangeStore {
  /**
   * Merges and stores the changes and reads the rows after the cursor, in one transaction. Durable when it resolves.
   * Rejects with `StoreUnavailable` when the storage cannot serve; then nothing of this push was stored.
   */
  exchange(push: Push): Promise<Pulled>;
  /** The account's highest sequence. */
  head(user: string): Promise<Sequence>;

  /** Null when the name is taken. */
  createAccount(account: NewAccount): Promise<Account | null>;
  findAccount(nameKey: string): Promise<(Account & { readonly passwordHash: string }) | null>;

  createSession(session: NewSession): Promise<void>;
  /** Null when unknown or expired at `now`. */
  findSession(tokenHash: string, now: number): Promise<Session | null>;
  renewSession(tokenHash: string, expiresAt: number): Promise<void>;
  deleteSession(tokenHash: string): Promise<void>;

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
