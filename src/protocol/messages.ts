/**
 * The messages of `POST /api/sync` (docs/spec/protocol.md). Types only, shared by both sides;
 * `request-schema.ts` validates requests on the server, `parse-reply.ts` replies in the client.
 */
import type { Value } from '../base/value.ts';

/** A packed hybrid logical clock: milliseconds since 1970 × 1024 + counter, a safe integer (see sync/clock.ts). */
export type Stamp = number;

/** The server's per-user sequence number of an accepted change. 0: never seen by the server. */
export type Sequence = number;

/**
 * A state of a device: the writer (one opening of its database that made edits, by a random id) and the stamp of the
 * latest edit by then. Two devices restored from one backup share an id, but not their writers (sync/writers.ts).
 */
export type WriterState = readonly [writer: string, stamp: Stamp];

/** One dirty record of a device. */
export interface Change {
  readonly table: string;
  readonly id: string;
  /**
   * `insert`: `values` holds every column the device knows. `update`: only the dirty ones. `delete`: none.
   */
  readonly op: 'insert' | 'update' | 'delete';
  /** When it was made; a column listed in `stamps` was edited at that time instead. */
  readonly stamp: Stamp;
  readonly stamps?: Readonly<Record<string, Stamp>>;
  readonly values?: Readonly<Record<string, Value>>;
  /** What the change was based on: the row's sequence as the device had it. */
  readonly baseSeq: Sequence;
  /** For a column: the sequence it was based on and its value then, where known. Columns not listed: `baseSeq`, value unknown. */
  readonly base?: Readonly<Record<string, readonly [Sequence, Value]>>;
}

export interface SyncRequest {
  readonly protocol: number;
  readonly schema: number;
  /** The account the device belongs to; refused when the session is another's (I7). */
  readonly user: string;
  readonly device: string;
  /** The states that this device has been in since the last one that the server answered for, oldest first. */
  readonly writers: readonly WriterState[];
  /** Of the last reply that was stored: in which history of the server `cursor` and `known` count. '' before the first. */
  readonly epoch: string;
  /** Everything up to this sequence is stored on the device (I6). */
  readonly cursor: Sequence;
  /** The highest sequence that the device has heard of; rows that it pushed may be above the cursor. */
  readonly known: Sequence;
  readonly changes: readonly Change[];
  /** Most rows wanted; 0 for a push only. */
  readonly limit: number;
  /** With a cursor of 0: a few rows first, those that a person looks at first, where there are many. */
  readonly preview?: boolean;
}

/**
 * `applied`: every column stands as sent. `merged`: another value stands in at least one of them, and the row comes with
 * this or a later pull. `duplicate`: seen before. `resend`: the server lacks the row, send it whole. `rejected`: can never
 * succeed, `error` says why.
 */
export type ChangeStatus = 'applied' | 'merged' | 'duplicate' | 'resend' | 'rejected';

export interface ChangeResult {
  readonly status: ChangeStatus;
  /** The row's sequence, if the device now holds the very row that the server holds; else 0, and the row comes by a pull. */
  readonly seq: Sequence;
  readonly error?: ChangeError;
}

export type ChangeErrorCode =
  | 'unknown_table'
  | 'unknown_column'
  | 'invalid_id'
  | 'invalid_value'
  | 'missing_column'
  | 'append_only'
  | 'invalid_change';

export interface ChangeError {
  readonly code: ChangeErrorCode;
  /** Which column, where one is to blame. */
  readonly column?: string;
}

/** Pulled rows of one table, column-wise. All arrays but `columns` and `deleted` have one entry a row. */
export interface RowPage {
  readonly table: string;
  readonly ids: readonly string[];
  readonly seqs: readonly Sequence[];
  /** Indexes (into `ids`) of rows that are deleted; their values are null. */
  readonly deleted: readonly number[];
  readonly columns: readonly string[];
  /** One array a column, in the order of `columns`. */
  readonly values: readonly (readonly Value[])[];
}

export interface SyncReply {
  /** One for each change sent, in order. */
  readonly results: readonly ChangeResult[];
  readonly changes: readonly RowPage[];
  /** Instead of `changes`, the same as bytes (packed-pages.ts), one part after the other. Never in JSON: they come behind it. */
  readonly packed?: readonly Uint8Array<ArrayBuffer>[];
  /** The cursor after these rows. */
  readonly cursor: Sequence;
  /** Names the server's history, to be sent with the cursor: a server restored from a backup has another. */
  readonly epoch: string;
  /** The account's highest sequence. */
  readonly head: Sequence;
  /** Whether rows after `cursor` wait. */
  readonly more: boolean;
  /** The rows are the few that were asked for first: the cursor stays where it was, and they come again with the pages. */
  readonly preview?: true;
  /** The highest stamp the account has seen; the device's clock goes on after it. */
  readonly clock: Stamp;
  /** The server's clock, milliseconds since 1970. */
  readonly serverTime: number;
}

/** Body of every reply that is not a success. */
export interface ErrorReply {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly serverTime?: number;
    /** With `history_lost`: up to where the server's history is still the one that the device knows. */
    readonly sequence?: Sequence;
    readonly requestId?: string;
  };
}

/** `POST /api/account` and `POST /api/session`. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** How the session list calls this device, e.g. `Chrome on Android`. */
  readonly deviceName?: string;
}

/** Reply of `POST /api/account`, `POST /api/session` and `GET /api/session`. */
export interface SessionReply {
  readonly user: { readonly id: string; readonly name: string };
}

/** A device of the account, as the server knows it. */
export interface DeviceEntry {
  readonly id: string;
  /** As its browser called itself when it signed in; may be ''. */
  readonly name: string;
  /** Milliseconds since 1970; the last one to within some minutes. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** The id, in the list of sessions, of the one it last synced in; null when that one has ended. */
  readonly session: string | null;
}

/** Reply of `GET /api/devices`: those that were not retired, the latest seen first. */
export interface DevicesReply {
  readonly devices: readonly DeviceEntry[];
}
