/**
 * The part of the storage port that is about people: accounts, sessions, passkeys, and what leaves with them. One
 * behavioural suite (tests/conformance/account-store.ts). What takes a `user` never touches another's (I7); what a secret
 * names (a session's token, a passkey's ceremony) is found by the secret's SHA-256, hexadecimal: the store holds no secret.
 * Times are milliseconds since 1970.
 */
import type { Value } from '../base/value.ts';

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

export interface AccountRecord extends Account {
  readonly passwordHash: string;
  readonly createdAt: number;
}

export interface NewSession {
  /** What the list of sessions calls it; tells nothing about the token. */
  readonly id: string;
  readonly tokenHash: string;
  readonly user: string;
  readonly deviceName: string;
  readonly now: number;
  readonly expiresAt: number;
}

export interface Session {
  readonly id: string;
  readonly user: Account;
  /** As last told by `touchSession`. */
  readonly usedAt: number;
  readonly expiresAt: number;
}

/** A line of the list of sessions. */
export interface SessionEntry {
  readonly id: string;
  readonly tokenHash: string;
  readonly deviceName: string;
  readonly createdAt: number;
  readonly usedAt: number;
}

export interface NewPasskey {
  readonly id: string;
  readonly user: string;
  /** What the authenticator calls it, base64url. No two passkeys share one, whoever they belong to. */
  readonly credentialId: string;
  /** COSE key. */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly name: string;
  readonly now: number;
}

export interface Passkey {
  readonly id: string;
  readonly credentialId: string;
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly name: string;
  readonly createdAt: number;
  /** Null until someone signed in with it. */
  readonly usedAt: number | null;
}

/** A passkey's ceremony under way: what the authenticator has to sign, and for what it may be used. */
export interface Ceremony {
  readonly tokenHash: string;
  /** base64url */
  readonly challenge: string;
  readonly purpose: 'add' | 'sign-in' | 'confirm';
  /** The account that asked; null for a sign-in, whose account the passkey names. */
  readonly user: string | null;
  readonly expiresAt: number;
}

export interface StoredValues {
  readonly id: string;
  /** A column that was declared after the row was written is missing. */
  readonly values: Readonly<Record<string, Value>>;
}

export interface AccountStore {
  /** Null when the name is taken. */
  createAccount(account: NewAccount): Promise<Account | null>;
  findAccount(nameKey: string): Promise<AccountRecord | null>;
  getAccount(user: string): Promise<AccountRecord | null>;
  /** Gives the token hashes of the sessions it ended, in the same transaction: all of the user's but the one to keep. */
  changePassword(change: {
    readonly user: string;
    readonly passwordHash: string;
    readonly keep: string;
  }): Promise<string[]>;
  /**
   * Removes the account and everything that belongs to it: rows, sessions, passkeys, ceremonies and what other tables hold
   * of it. When it resolves nothing is left and the name is free; a crash in between leaves nobody signed in, and the next
   * start removes the rest. Gives the token hashes of the sessions it ended.
   */
  deleteAccount(user: string): Promise<string[]>;
  /**
   * The living rows of a table by ascending id, after the given one ('' for the first page). At most `limit`; a page ends
   * early after the row that takes it past `limits.pullBytes`. Empty: there are no more.
   */
  listRows(page: {
    readonly user: string;
    readonly table: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<StoredValues[]>;

  createSession(session: NewSession): Promise<void>;
  /** Null when unknown or expired at `now`. */
  findSession(tokenHash: string, now: number): Promise<Session | null>;
  touchSession(tokenHash: string, times: { readonly usedAt: number; readonly expiresAt: number }): Promise<void>;
  /** Those that are good at `now`, the last used first. */
  listSessions(user: string, now: number): Promise<SessionEntry[]>;
  deleteSession(tokenHash: string): Promise<void>;
  /** Ends the user's session of this id (not the token's) and gives its token hash; null when the user has none such. */
  endSession(user: string, id: string): Promise<string | null>;
  /** Ends all of the user's sessions but the one with this token hash; gives the token hashes of those it ended. */
  endOtherSessions(user: string, keep: string): Promise<string[]>;

  /** False when the credential is known already, of whichever account. */
  addPasskey(passkey: NewPasskey): Promise<boolean>;
  /** In the order in which they were added. */
  listPasskeys(user: string): Promise<Passkey[]>;
  /** By the authenticator's name of it, with the account that it opens. */
  findPasskey(credentialId: string): Promise<{ readonly passkey: Passkey; readonly user: Account } | null>;
  /**
   * After a sign-in. False, and nothing is changed, when the stored counter is not the one that the signature was checked
   * against: two sign-ins at once, of which one may be a copy of the passkey.
   */
  usePasskey(use: {
    readonly credentialId: string;
    readonly counterBefore: number;
    readonly counter: number;
    readonly now: number;
  }): Promise<boolean>;
  /** False when the user has no such passkey. */
  renamePasskey(passkey: { readonly user: string; readonly id: string; readonly name: string }): Promise<boolean>;
  deletePasskey(user: string, id: string): Promise<boolean>;

  /** Also forgets those that have expired at `now`. */
  beginCeremony(ceremony: Ceremony, now: number): Promise<void>;
  /** Gives it once: the second time, and after it has expired, it is null. */
  takeCeremony(tokenHash: string, now: number): Promise<Ceremony | null>;
}
