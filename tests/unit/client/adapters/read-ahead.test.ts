import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { err, ok, type Result } from '../../../../src/base/result.ts';
import { readAhead } from '../../../../src/client/adapters/read-ahead.ts';
import type { Failure } from '../../../../src/protocol/errors.ts';
import type { Change, SyncReply, SyncRequest } from '../../../../src/protocol/messages.ts';
import type { ExchangeResult } from '../../../../src/sync/ports.ts';

const change: Change = { table: 'setting', id: 's', op: 'delete', stamp: 1, baseSeq: 1 };
const known = { writers: [], epoch: '', known: 0 };
const first = { protocol: 1, schema: 1, user: 'ana', device: 'a', limit: 10, changes: [], ...known };

/** A question of the device. */
function at(cursor: number, parts: Partial<SyncRequest> = {}): SyncRequest {
  return { ...first, cursor, ...parts };
}

/** A server whose pages end at 10, 20, … up to `end`, what it was asked, and what is under way. */
function longPull(end = 30, pageAt: (cursor: number) => Partial<SyncReply> = () => ({})) {
  const asked: SyncRequest[] = [];
  const answers: (() => void)[] = [];
  let failing = 0;
  const answerTo = (request: SyncRequest): Result<ExchangeResult, Failure> => {
    if (failing > 0) {
      failing -= 1;
      return err({ code: 'offline' });
    }
    const cursor = request.limit === 0 ? request.cursor : Math.min(end, request.cursor + 10);
    const told = { results: [], changes: [], epoch: '', head: 0, clock: 0, serverTime: 0 };
    return ok({ reply: { ...told, cursor, more: cursor < end, ...pageAt(cursor) }, sent: 1, received: 2 });
  };
  const transport = readAhead({
    exchange: (request) => {
      asked.push(request);
      return new Promise((resolve) => answers.push(() => resolve(answerTo(request))));
    },
  });
  const arrive = async (count: number): Promise<void> => {
    for (let some = 0; some < count; some += 1) {
      answers.shift()?.();
      await turn();
    }
  };
  return {
    asked,
    cursors: () => asked.map(({ cursor }) => cursor),
    /** So many answers come, one after the other. */
    arrive,
    failNext: () => {
      failing += 1;
    },
    /** The device asks, and so many answers come before it has its own. */
    async ask(request: SyncRequest, arriving = 1): Promise<Result<ExchangeResult, Failure>> {
      const answer = transport.exchange(request);
      await turn();
      await arrive(arriving);
      return answer;
    },
  };
}

const rows = (mark: number) => ({ packed: [new Uint8Array([mark])] });

describe('reading ahead', () => {
  it('goes on with pages after a preview, which is given alone', async () => {
    let isFirst = true;
    const first: Partial<SyncReply> = { cursor: 0, more: true, preview: true };
    const server = longPull(30, () => {
      const told = isFirst ? first : {};
      isFirst = false;
      return told;
    });
    expect(await server.ask(at(0, { preview: true }))).toMatchObject({
      value: { reply: { preview: true, cursor: 0 } },
    });
    await server.arrive(2);
    expect(server.asked.map(({ cursor, preview }) => [cursor, preview])).toEqual([
      [0, true],
      [0, undefined],
      [10, undefined],
      [20, undefined],
    ]);
    expect(await server.ask(at(0), 0)).toMatchObject({ value: { reply: { cursor: 20, more: true } } });
  });

  it('does not take a page for the preview that is asked for', async () => {
    const server = longPull(30, () => ({ cursor: 0, more: true, preview: true }));
    await server.ask(at(0, { preview: true }));
    void server.ask(at(0, { preview: true }), 0);
    await turn();
    expect(server.asked.filter(({ preview }) => preview)).toHaveLength(2);
  });

  it('asks for the next page as soon as one is there, and once for each', async () => {
    const { ask, cursors } = longPull();
    await ask(at(0));
    expect(cursors()).toEqual([0, 10]);
    expect(await ask(at(10))).toMatchObject({ value: { reply: { cursor: 20 } } });
    expect(await ask(at(20))).toMatchObject({ value: { reply: { cursor: 30, more: false } } });
    expect(cursors()).toEqual([0, 10, 20]);
  });

  it('gives all that came meanwhile at once, in its order, with the bytes of all of it', async () => {
    const { ask, arrive, cursors } = longPull(40, rows);
    await ask(at(0));
    await arrive(2);
    const joined = await ask(at(10), 0);
    expect(joined).toMatchObject({ value: { reply: { cursor: 30, more: true }, sent: 2, received: 4 } });
    expect(joined).toMatchObject({ value: { reply: { packed: [new Uint8Array([20]), new Uint8Array([30])] } } });
    expect(await ask(at(30))).toMatchObject({ value: { reply: { cursor: 40, more: false } } });
    expect(cursors()).toEqual([0, 10, 20, 30]);
  });

  it('gives pages in JSON together too, and none of one form with those of another', async () => {
    const page = (id: string) => ({ table: 'setting', ids: [id], seqs: [1], deleted: [], columns: [], values: [] });
    const mixed = (cursor: number) => (cursor <= 30 ? { changes: [page(String(cursor))] } : rows(cursor));
    const { ask, arrive } = longPull(50, mixed);
    await ask(at(0));
    await arrive(4);
    expect(await ask(at(10), 0)).toMatchObject({ value: { reply: { cursor: 30, changes: [page('20'), page('30')] } } });
    expect(await ask(at(30), 0)).toMatchObject({ value: { reply: { cursor: 50, packed: [{}, {}] } } });
  });

  it('holds four pages at most, and goes on when they were taken', async () => {
    const { ask, arrive, cursors } = longPull(100);
    await ask(at(0));
    await arrive(9);
    expect(cursors()).toEqual([0, 10, 20, 30, 40]);
    expect(await ask(at(10), 0)).toMatchObject({ value: { reply: { cursor: 50 } } });
    expect(cursors()).toEqual([0, 10, 20, 30, 40, 50]);
  });

  it('gives alone what is odd: a cursor that stands still, an answer to changes that nobody sent', async () => {
    const still = longPull(90, (cursor) => (cursor === 30 ? { cursor: 20 } : {}));
    await still.ask(at(0));
    await still.arrive(2);
    expect(await still.ask(at(10), 0)).toMatchObject({ value: { reply: { cursor: 20 } } });
    const results = [{ status: 'applied', seq: 1 }] as const;
    const unasked = longPull(90, (cursor) => (cursor === 30 ? { results } : {}));
    await unasked.ask(at(0));
    await unasked.arrive(2);
    expect(await unasked.ask(at(10), 0)).toMatchObject({ value: { reply: { cursor: 20, results: [] } } });
    expect(await unasked.ask(at(20), 0)).toMatchObject({ value: { reply: { results } } });
  });

  it('gives no page that was fetched in another history of the server than the device knows by then', async () => {
    const { ask, cursors } = longPull();
    await ask(at(0));
    await ask(at(10, { epoch: 'another' }), 2);
    expect(cursors()).toEqual([0, 10, 10, 20]);
    await ask(at(20, { known: 99 }), 2);
    expect(cursors()).toEqual([0, 10, 10, 20, 20]);
  });

  it('sends an edit that came in between, and gives nothing that was fetched for another question', async () => {
    const { ask, asked } = longPull();
    await ask(at(0));
    await ask(at(10, { changes: [change] }), 2);
    expect(asked.map(({ changes }) => changes.length)).toEqual([0, 0, 1]);
    await ask(at(20));
    await ask(at(30, { user: 'ben' }));
    expect(asked.at(-1)).toMatchObject({ user: 'ben', cursor: 30 });
  });

  it('goes on from where the device stands, not from where it was expected', async () => {
    const { ask, cursors } = longPull();
    await ask(at(0));
    await ask(at(5), 2);
    expect(cursors()).toEqual([0, 10, 5, 15]);
  });

  it('asks again when it is time, where fetching ahead failed, and gives before what had come', async () => {
    const { ask, arrive, failNext, cursors } = longPull(40);
    await ask(at(0));
    await arrive(1);
    failNext();
    await arrive(1);
    expect(await ask(at(10), 0)).toMatchObject({ value: { reply: { cursor: 20 } } });
    expect(cursors()).toEqual([0, 10, 20]);
    expect(await ask(at(20))).toMatchObject({ value: { reply: { cursor: 30 } } });
    expect(cursors()).toEqual([0, 10, 20, 20, 30]);
  });

  it('asks anew what failed on its way while the device waited for it', async () => {
    const { ask, failNext, cursors } = longPull();
    await ask(at(0));
    failNext();
    expect(await ask(at(10), 2)).toMatchObject({ value: { reply: { cursor: 20 } } });
    expect(cursors()).toEqual([0, 10, 10, 20]);
  });

  it('fetches nothing ahead of a push alone, nor after a failure, nor after the last page', async () => {
    const { ask, asked, failNext } = longPull(10);
    await ask(at(0, { limit: 0 }));
    failNext();
    await ask(at(0));
    await ask(at(0));
    expect(asked).toHaveLength(3);
  });
});
