/** What a sync did: by table and in total. Stored as a run, from which the statistics are computed. */
import type { ErrorCode } from '../protocol/errors.ts';

export type Direction = 'up' | 'down' | 'both';

export interface Tally {
  /** Changes sent plus rows received. */
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Changes whose row came back different from what was sent. */
  readonly conflicts: number;
}

export interface SyncReport extends Tally {
  readonly direction: Direction;
  readonly tables: Readonly<Record<string, Tally>>;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Bytes of bodies on the wire, as compressed. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Why it stopped before the end, or null when it got through. */
  readonly error: { readonly code: ErrorCode; readonly detail?: string } | null;
}
