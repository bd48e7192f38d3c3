/**
 * One side of a copy from one store to another (`npm run migrate-store`), an implementation a folder under `stores/`. What
 * it gives and takes is the same on every side, so that both can be compared word by word. Nobody else uses the store
 * meanwhile. Ceremonies are left out: they last five minutes.
 */
import type { Sequence, Stamp } from '../protocol/messages.ts';
import type { VapidKeys } from './push-store.ts';

export interface AccountCopy {
  readonly id: string;
  readonly name: string;
  readonly nameKey: string;
  readonly passwordHash: string;
  readonly createdAt: number;
  readonly head: Sequence;
  readonly clock: Stamp;
  readonly horizon: Sequence;
  readonly epochs: string;
  readonly noted: number;
  readonly notedAt: number;
  /** What belongs to the account beside its rows, by table: records in a fixed order, in the columns of `partColumns`. */
  readonly parts: Readonly<Record<PartTable, readonly Cells[]>>;
}

/** Bytes are hexadecimal. */
export type Cells = readonly (string | number | null)[];

/** Each table's columns but the account, the first ones telling its records apart. */
export const partColumns = {
  session: ['token_hash', 'id', 'device_name', 'created_at', 'used_at', 'expires_at'],
  passkey: ['id', 'credential_id', 'public_key', 'counter', 'transports', 'name', 'created_at', 'used_at'],
  epoch: ['first', 'id'],
  device: ['id', 'name', 'session', 'first_seen', 'last_seen', 'cursor', 'writer', 'stamp', 'retired_at'],
  // Of a session, so after it.
  push_subscription: [
    ...(['session', 'endpoint', 'p256dh', 'auth', 'created_at', 'woken_at'] as const),
    ...(['reminder_hour', 'time_zone', 'remind_at'] as const),
  ],
} as const;

export type PartTable = keyof typeof partColumns;

export interface RowCopy {
  readonly table: string;
  readonly id: string;
  readonly seq: Sequence;
  readonly deleted: boolean;
  readonly data: string;
  readonly meta: string;
}

/** Where a row lies in the order of the copy: by table, then by id, both by their bytes. */
export type RowPlace = Pick<RowCopy, 'table' | 'id'>;

export interface CopySide {
  /** By which push services know the servers of this store; null before the first start of one. */
  pushKeys(): Promise<VapidKeys | null>;
  /** In place of those that it has. */
  putPushKeys(keys: VapidKeys | null): Promise<void>;
  /** The ids of the accounts after one, ascending; '' for the first ones. None when there are no more. */
  accounts(after: string): Promise<string[]>;
  /** Null when it is not there, or not whole yet. */
  account(id: string): Promise<AccountCopy | null>;
  /** At most `limit` rows after a place; null for the first ones. Also of an account that is not whole yet. */
  rows(id: string, page: { readonly after: RowPlace | null; readonly limit: number }): Promise<RowCopy[]>;

  /** Makes room for the account. Until it is finished nobody can open it, and a server that starts removes it. */
  begin(id: string): Promise<void>;
  /** The last row of an account that was begun; null when it has none. */
  last(id: string): Promise<RowPlace | null>;
  /** In one transaction. */
  putRows(id: string, rows: readonly RowCopy[]): Promise<void>;
  /** Puts everything of the account but its rows, and with that makes it whole; in one transaction. */
  finish(account: AccountCopy): Promise<void>;

  close(): Promise<void>;
}
