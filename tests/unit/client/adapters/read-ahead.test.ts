import { describe, expect, it } from 'vitest';
import { err, ok, type Result } from '../../../../src/base/result.ts';
import { readAhead } from '../../../../src/client/adapters/read-ahead.ts';
import type { Failure } from '../../../../src/protocol/errors.ts';
import type { Change, SyncRequest } from '../../../../src/protocol/messages.ts';
import type { ExchangeResult } from '../../../../src/sync/ports.ts';

const change: Change = { table: 'setting', id: 's', op: 'delete', stamp: 1, baseSeq: 1 };

/** A server whose pages end at 10, 20 and 30, and what it was asked. */
function longPull(fails: (cursor: number) => boolean = () => false) {
  const asked: SyncRequest[] = [];
  const transport = readAhead({
    exchange: async (request): Promise<Result<ExchangeResult, Failure>> => {
      asked.push(request);
      if (fails(asked.length)) return err({ code: 'offline' });
      const cursor = request.limit === 0 ? request.cursor : Math.min(30, request.cursor + 10);
      const told = { results: [], changes: [], epoch: '', head: 0, clock: 0, serverTime: 0 };
      const reply = { ...told, cursor, more: cursor < 30 };
      return ok({ reply, sent: 1, received: 1 });
    },
  });
  const at = (cursor: number, changes: readonly Change[] = [], limit = 10): SyncRequest => ({
    ...request,
    cursor,
    changes,
    limit,
  });
  return { asked, transport, at, cursors: () => asked.map(({ cursor }) => cursor) };
}

const known = { writers: [], epoch: '', known: 0 };
const request = { protocol: 1, schema: 1, user: 'ana', device: 'a', ...known } as unknown as SyncRequest;

describe('reading ahead', () => {
  it('asks for the next page as soon as one is there, and once for each', async () => {
    const { transport, at, cursors } = longPull();
    await transport.exchange(at(0));
    expect(cursors()).toEqual([0, 10]);
    expect(await transport.exchange(at(10))).toMatchObject({ value: { reply: { cursor: 20 } } });
    expect(await transport.exchange(at(20))).toMatchObject({ value: { reply: { cursor: 30, more: false } } });
    expect(cursors()).toEqual([0, 10, 20]);
  });

  it('gives no page that was fetched in another history of the server than the device knows by then', async () => {
    const { transport, at, cursors } = longPull();
    await transport.exchange(at(0));
    await transport.exchange({ ...at(10), epoch: 'another' });
    expect(cursors()).toEqual([0, 10, 10, 20]);
    await transport.exchange({ ...at(20), known: 99 });
    expect(cursors()).toEqual([0, 10, 10, 20, 20]);
  });

  it('sends an edit that came in between, and gives nothing that was fetched for another question', async () => {
    const { transport, at, asked } = longPull();
    await transport.exchange(at(0));
    await transport.exchange(at(10, [change]));
    expect(asked.map(({ changes }) => changes.length)).toEqual([0, 0, 1]);
    await transport.exchange(at(20));
    await transport.exchange({ ...at(30), user: 'ben' });
    expect(asked.at(-1)).toMatchObject({ user: 'ben', cursor: 30 });
  });

  it('goes on from where the device stands, not from where it was expected', async () => {
    const { transport, at, cursors } = longPull();
    await transport.exchange(at(0));
    await transport.exchange(at(5));
    expect(cursors()).toEqual([0, 10, 5, 15]);
  });

  it('asks again when it is time, where fetching ahead failed', async () => {
    const { transport, at, cursors } = longPull((request) => request === 2);
    await transport.exchange(at(0));
    expect(await transport.exchange(at(10))).toMatchObject({ ok: true });
    expect(cursors()).toEqual([0, 10, 10, 20]);
  });

  it('fetches nothing ahead of a push alone, nor after a failure', async () => {
    const { transport, at, asked } = longPull((request) => request === 2);
    await transport.exchange(at(0, [], 0));
    await transport.exchange(at(0));
    expect(asked).toHaveLength(2);
  });
});
