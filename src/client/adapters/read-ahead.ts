/**
 * Asks for the next pages of a long pull while the device stores those before, so that neither waits for the other. What
 * has come by the time that the device asks again is given to it at once, to be stored in one transaction: where the
 * network is faster than the storage, a first load writes its file a few times instead of twenty
 * (docs/decisions/0085-first-load.md).
 *
 * Only requests that carry no change are made ahead: they may be repeated or dropped without an effect (I5). An answer that
 * was fetched ahead is given only to the very question that it was fetched for; an edit that came in between makes another.
 */
import { ok, type Result } from '../../base/result.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { SyncReply, SyncRequest } from '../../protocol/messages.ts';
import type { ExchangeResult, Transport } from '../../sync/ports.ts';

/** Pages that are held at most. One is 4 MB and a row, at most, and mostly half a megabyte. */
const mostHeld = 4;

type Answer = Result<ExchangeResult, Failure>;

export function readAhead(transport: Transport): Transport {
  let ahead: PagesAhead | null = null;

  /** What went wrong ahead of time is asked again when it is time: the failure may have passed. */
  const ask = async (request: SyncRequest): Promise<Answer> => {
    const pages = ahead?.isFor(request) ? await ahead.take() : null;
    if (pages) return ok(pages);
    ahead?.stop();
    ahead = null;
    const answer = await transport.exchange(request);
    if (answer.ok && isLongPull(request, answer.value)) ahead = new PagesAhead(transport, request, answer.value);
    return answer;
  };

  return { exchange: ask };
}

function isLongPull({ changes, limit }: SyncRequest, { reply }: ExchangeResult): boolean {
  return reply.more && changes.length === 0 && limit > 0;
}

/** The pages after one, as they come. */
class PagesAhead {
  readonly #transport: Transport;
  readonly #held: ExchangeResult[] = [];
  /** What the device asks for once it has stored what it was given. */
  #next: SyncRequest;
  /** What was asked for last, here, and what came of it. */
  #asked: SyncRequest;
  #last: ExchangeResult;
  #underWay: Promise<void> | null = null;
  #ended = false;

  constructor(transport: Transport, request: SyncRequest, result: ExchangeResult) {
    this.#transport = transport;
    this.#asked = request;
    this.#last = result;
    this.#next = questionAfter(request, result.reply);
    this.#askOn();
  }

  isFor(request: SyncRequest): boolean {
    return isSame(this.#next, request);
  }

  /** Those that are there, or the first that comes; null when none does. */
  async take(): Promise<ExchangeResult | null> {
    if (this.#held.length === 0) await this.#underWay;
    let taken = this.#held.shift();
    if (!taken) return null;
    for (let page = this.#held[0]; page && goesOn(taken.reply, page.reply); page = this.#held[0]) {
      taken = joined(taken, page);
      this.#held.shift();
    }
    this.#next = questionAfter(this.#next, taken.reply);
    this.#askOn();
    return taken;
  }

  stop(): void {
    this.#ended = true;
  }

  #askOn(): void {
    if (this.#ended || this.#underWay || this.#held.length === mostHeld || !this.#last.reply.more) return;
    this.#asked = questionAfter(this.#asked, this.#last.reply);
    this.#underWay = this.#transport.exchange(this.#asked).then((answer) => this.#receive(answer));
  }

  #receive(answer: Answer): void {
    this.#underWay = null;
    if (!answer.ok) return this.stop();
    this.#last = answer.value;
    this.#held.push(answer.value);
    this.#askOn();
  }
}

/**
 * As the device asks once it has stored this reply (client/db/sync-store.ts). After a preview it asks for pages, and so it
 * does once it has pages.
 */
function questionAfter(request: SyncRequest, { cursor, epoch, head }: SyncReply): SyncRequest {
  const { preview: _preview, ...asked } = request;
  return { ...asked, cursor, epoch, known: Math.max(request.known, head) };
}

/** Whether the second can be stored as a part of the first. What is odd goes alone, for the engine to see. */
function goesOn(first: SyncReply, second: SyncReply): boolean {
  return second.cursor > first.cursor && second.results.length === 0 && isPacked(first) === isPacked(second);
}

function isPacked({ packed }: SyncReply): boolean {
  return packed !== undefined;
}

function joined(first: ExchangeResult, second: ExchangeResult): ExchangeResult {
  const rows = (reply: SyncReply) => reply.packed ?? [];
  const packed = isPacked(first.reply) ? { packed: [...rows(first.reply), ...rows(second.reply)] } : {};
  const changes = [...first.reply.changes, ...second.reply.changes];
  return {
    reply: { ...second.reply, changes, ...packed },
    sent: first.sent + second.sent,
    received: first.received + second.received,
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
    a.preview === b.preview &&
    a.changes.length + b.changes.length === 0
  );
}
