/** What a sync did: by table and in total. Stored as a run, from which the statistics are computed. */
import type { ErrorCode } from '../protocol/errors.ts';
import type { ChangeErrorCode } from '../protocol/messages.ts';

export type Direction = 'up' | 'down' | 'both';

export interface Tally {
  /** Changes sent plus rows received. */
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Changes whose row came back different from what was sent. */
  readonly conflicts: number;
}

/** Why something of a table could not be sent or stored; the other rows and tables went on. */
export interface TableError {
  readonly code: ErrorCode | ChangeErrorCode;
  readonly detail?: string;
}

export interface TableReport extends Tally {
  /** Each kind once, a few at most. */
  readonly errors: readonly TableError[];
  /** Milliseconds that storing took here. */
  readonly duration: number;
  /** Roughly, of the values sent and received, before compression. */
  readonly bytes: number;
}

/** Why a device loads everything anew: it was away for long, was retired, or the server was restored from a backup. */
export type ReloadCause = 'away' | 'retired' | 'restored';

export interface SyncReport extends Tally {
  readonly direction: Direction;
  readonly tables: Readonly<Record<string, TableReport>>;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Bytes of bodies on the wire, as compressed. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Why everything was loaded anew, or null when it was not. */
  readonly reload: ReloadCause | null;
  /** Why it stopped before the end, or null when it got through. */
  readonly error: { readonly code: ErrorCode; readonly detail?: string } | null;
}
