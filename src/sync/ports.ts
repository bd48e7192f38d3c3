/**
 * What the engine needs of the world (I10). Every port is small, has one behavioural suite in tests/conformance, and is
 * implemented at the edge. Nothing here waits, reads a clock or rolls a die.
 */
import type { Result } from '../base/result.ts';
import type { Failure } from '../protocol/errors.ts';
import type { Change, Sequence, SyncReply, SyncRequest, WriterState } from '../protocol/messages.ts';
import type { Direction, ReloadCause, SyncReport, TableError } from './report.ts';

/** What a device is about to send, read in one transaction. */
export interface Batch {
  /** The signed-in account, or null: then nothing can be synced yet. */
  readonly user: string | null;
  readonly device: string;
  /** The version of the tables that the rows go into. */
  readonly schema: number;
  readonly writers: readonly WriterState[];
  readonly epoch: string;
  readonly cursor: Sequence;
  readonly known: Sequence;
  /**
   * No answer was stored yet, and what is here does not come from an earlier load: a few rows first are of use. Not once
   * they are here: where every run is cut after an answer, the next one has to bring a page.
   */
  readonly isNew: boolean;
  /** How many loads of everything were begun: an answer from before the last one is no longer stored. */
  readonly loads: number;
  /** In sync order, no more than the protocol's push limits. */
  readonly changes: readonly Change[];
  /** Whether dirty records beyond `changes` wait. */
  readonly more: boolean;
  /** How many runs in a row failed, for backoff. */
  readonly attempts: number;
  /** Milliseconds between two syncs when nothing else asks for one, as the person chose; null: no choice. */
  readonly interval: number | null;
  /** Dirty records that could not be read, by table. They wait on; the others go. */
  readonly unread: Readonly<Record<string, UnreadRecords>>;
}

export interface UnreadRecords {
  readonly count: number;
  readonly errors: readonly TableError[];
}

/** What applying a reply did to a table. */
export interface AppliedTable {
  readonly sent: number;
  readonly received: number;
  /** Of both: rejected by the server, or refused by the storage here and set aside. */
  readonly failed: number;
  readonly conflicts: number;
  readonly errors: readonly TableError[];
  /** Milliseconds. */
  readonly duration: number;
  readonly bytes: number;
}

/** What applying a reply did, by table. */
export interface Applied {
  readonly tables: Readonly<Record<string, AppliedTable>>;
  /** There is more to ask for, whatever the reply said: rows of a column or table that came with an update of the app. */
  readonly more: boolean;
}

/** A load of everything from the beginning, over what is here. */
export interface Reload {
  readonly cause: ReloadCause;
  /** With `restored`: the last sequence that the server still has as the device knows it. Rows above it were lost there. */
  readonly common: Sequence;
}

/** The device's side of a sync: the outbox, the rows, the cursor. Each method is one transaction or none (I1, I5). */
export interface SyncStore {
  /** Reads dirty records. With direction `down`, `changes` is empty. */
  gather(direction: Direction): Promise<Result<Batch, Failure>>;
  /**
   * Stores what the server said, in one transaction: results leave the outbox (I2, and only as far as no newer edit came
   * in between), rows are applied without losing dirty columns, the cursor moves (I6), the clock observes.
   * A row that its table refuses is set aside whole and tried again with every reply, the others are stored.
   * The last page of a reload takes away what the server no longer has, but nothing that waits to be sent.
   * Applying the same pair twice changes nothing.
   */
  apply(sent: Batch, reply: SyncReply): Promise<Result<Applied, Failure>>;
  /**
   * The server refused a request that held this one change and nothing else, as a whole: the change leaves the outbox like
   * a rejected one and is kept for the person, unless it was edited again meanwhile.
   */
  setAside(sent: Batch, refusal: Failure): Promise<Result<Applied, Failure>>;
  /** The server refused stamps too far ahead of its clock (milliseconds since 1970): pending stamps are corrected. */
  correctClock(serverTime: number): Promise<Result<null, Failure>>;
  /** Another device has this one's id: it takes a new one. What waits goes on waiting (I2). */
  takeNewId(): Promise<Result<null, Failure>>;
  /**
   * Begins a load of everything: the cursor goes to 0, the rows are there until the server was asked for all of them.
   * What waits goes on waiting. Rows that the server lost wait from now on (I4). A second one starts over.
   */
  beginReload(reload: Reload): Promise<Result<null, Failure>>;
  /** Stores the run, and on failure when the next attempt is due. */
  record(report: SyncReport, next: NextAttempt): Promise<Result<null, Failure>>;
}

export interface NextAttempt {
  /** Milliseconds since 1970, or null: none by itself. */
  readonly at: number | null;
  readonly attempts: number;
}

export interface ExchangeResult {
  readonly reply: SyncReply;
  /** Bytes of the bodies on the wire. */
  readonly sent: number;
  readonly received: number;
}

/** One round trip to the server. Never throws: whatever happens on the way is a `Failure`. */
export interface Transport {
  exchange(request: SyncRequest): Promise<Result<ExchangeResult, Failure>>;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}
