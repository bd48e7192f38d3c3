/**
 * The server's storage port. One behavioural suite (tests/conformance/change-store.ts), an implementation a folder under
 * `stores/`. Every method is scoped to one user by its first argument (I7).
 */
import type { Change, ChangeResult, RowPage, Sequence, Stamp } from '../protocol/messages.ts';

export interface Account {
  readonly id: string;
  readonly name: string;
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
  /** Merges and stores the changes and reads the rows after the cursor, in one transaction. Durable when it resolves. */
  exchange(push: Push): Promise<Pulled>;
  /** The account's highest sequence. */
  head(user: string): Promise<Sequence>;

  /** Null when the name (compared without case) is taken. */
  createAccount(account: { id: string; name: string; passwordHash: string; now: number }): Promise<Account | null>;
  findAccount(name: string): Promise<(Account & { readonly passwordHash: string }) | null>;

  /** `tokenHash`: SHA-256 of the cookie's token, hexadecimal. */
  createSession(session: { tokenHash: string; user: string; deviceName: string; now: number; expiresAt: number }): Promise<void>;
  /** Null when unknown or expired at `now`. */
  findSession(tokenHash: string, now: number): Promise<Account | null>;
  deleteSession(tokenHash: string): Promise<void>;

  /** Throws when the store cannot serve. */
  check(): Promise<void>;
  close(): Promise<void>;
}
