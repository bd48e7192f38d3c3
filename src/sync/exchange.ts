/** What a batch asks of the server, and what only the request can tell about the reply. */
import { err, ok, type Result } from '../base/result.ts';
import type { Failure } from '../protocol/errors.ts';
import type { SyncReply, SyncRequest } from '../protocol/messages.ts';
import { protocolVersion } from '../protocol/version.ts';
import type { Batch } from './ports.ts';
import type { Direction } from './report.ts';

/** A batch of an account: without one nothing is sent. */
export type OwnedBatch = Batch & { readonly user: string };

export function requestOf(batch: OwnedBatch, asked: Pick<SyncRequest, 'changes' | 'limit' | 'preview'>): SyncRequest {
  const { user, device, schema, writers, epoch, cursor, known } = batch;
  return { protocol: protocolVersion, schema, user, device, writers, epoch, cursor, known, ...asked };
}

interface Asking {
  readonly direction: Direction;
  /** A preview came in this run. */
  readonly previewed: boolean;
}

/** Once in a run, or a server that answers with nothing else would be asked for ever. */
export function asksForPreview({ direction, previewed }: Asking, { isNew }: Batch): boolean {
  return isNew && !previewed && direction !== 'up';
}

interface Asked {
  readonly direction: Direction;
  readonly batch: Batch;
  /** Whether a preview was asked for. */
  readonly preview: boolean;
}

/** What is off here would lose a change (I2) or rows (I6), or never come to an end. */
export function checkReply(reply: SyncReply, { direction, batch, preview }: Asked): Result<null, Failure> {
  const off = (detail: string) => err<Failure>({ code: 'bad_reply', detail });
  if (reply.results.length !== batch.changes.length) return off('results do not match changes');
  if (reply.cursor < batch.cursor) return off('the cursor went back');
  if (reply.preview) {
    if (!preview) return off('a preview that nobody asked for');
    if (reply.cursor !== batch.cursor) return off('a preview moved the cursor');
    if (!reply.more) return off('a preview for all there is');
  } else if (direction !== 'up' && reply.more && reply.cursor === batch.cursor) return off('the cursor stands still');
  const again = reply.results.some(({ status }, index) => status === 'resend' && batch.changes[index]?.op !== 'update');
  return again ? off('asked to resend what was whole') : ok(null);
}
