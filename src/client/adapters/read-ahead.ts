/**
 * Asks for the next page of a long pull while the device stores the one before, so that neither waits for the other. Only
 * requests that carry no change are made ahead: they may be repeated or dropped without an effect (I5). An answer that was
 * fetched ahead is given only to the very question that it was fetched for; an edit that came in between makes another.
 */
import type { Result } from '../../base/result.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { SyncRequest } from '../../protocol/messages.ts';
import type { ExchangeResult, Transport } from '../../sync/ports.ts';

type Answer = Promise<Result<ExchangeResult, Failure>>;

export function readAhead(transport: Transport): Transport {
  let ahead: { readonly request: SyncRequest; readonly answer: Answer } | null = null;

  /** What went wrong ahead of time is asked again when it is time: the failure may have passed. */
  const ask = async (request: SyncRequest): Answer => {
    const fetched = ahead && isSame(ahead.request, request) ? await ahead.answer : null;
    ahead = null;
    return fetched?.ok ? fetched : transport.exchange(request);
  };

  return {
    async exchange(request) {
      const result = await ask(request);
      if (result.ok && result.value.reply.more && request.changes.length === 0 && request.limit > 0) {
        const { cursor, epoch, head } = result.value.reply;
        // As the device asks once it has stored this page (client/db/sync-store.ts).
        const next = { ...request, cursor, epoch, known: Math.max(request.known, head) };
        ahead = { request: next, answer: transport.exchange(next) };
      }
      return result;
    },
  };
}

function isSame(a: SyncRequest, b: SyncRequest): boolean {
  return (
    a.user === b.user &&
    a.device === b.device &&
    a.cursor === b.cursor &&
    a.epoch === b.epoch &&
    a.known === b.known &&
    a.limit === b.limit &&
    a.changes.length + b.changes.length === 0
  );
}
