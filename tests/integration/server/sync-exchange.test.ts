/** `POST /api/sync` when it is answered: lost replies, other devices, compression, a storage that fails. */
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorReply, SyncReply } from '../../../src/protocol/messages.ts';
import { packedType, unpackParts } from '../../../src/protocol/packed-pages.ts';
import { parsePackedReply } from '../../../src/protocol/parse-reply.ts';
import { StoreUnavailable, type ChangeStore } from '../../../src/server/change-store.ts';
import { stampAt } from '../../../src/sync/clock.ts';
import { buildTestServer, openTestStore, type TestServer } from '../../support/server-harness.ts';
import {
  rowsOf,
  settingInsert,
  settingUpdate,
  signUp,
  sync,
  syncCall,
  syncRequest,
  testTime,
} from '../../support/server-requests.ts';

let server: TestServer;
beforeAll(async () => {
  server = await buildTestServer({ now: () => testTime });
});
afterAll(() => server.close());

describe('a sync', () => {
  it('brings a change of one device to the other, with the clock and the time of the server', async () => {
    const who = await signUp(server);
    const pushed = await sync(server, who, { changes: [settingInsert('theme', 'dark')] });
    expect(pushed).toEqual({
      results: [{ status: 'applied', seq: 1 }],
      changes: [],
      cursor: 1,
      epoch: expect.any(String) as string,
      head: 1,
      more: false,
      clock: stampAt(testTime),
      serverTime: testTime,
    });
    const pulled = await sync(server, who, { device: 'device-b' });
    expect(rowsOf(pulled, 'setting')).toEqual({ theme: { key: 'theme', value: 'dark' } });
  });

  it('sent again after its reply was lost changes nothing, makes no conflict, and gives the rows', async () => {
    const who = await signUp(server);
    await sync(server, who, { changes: [settingInsert('a', '1')] });
    const changes = [settingUpdate('a', '2'), settingInsert('b', '3')];
    await sync(server, who, { changes });
    const before = await sync(server, who, { device: 'device-b' });
    const again = await sync(server, who, { changes });
    expect(again.results).toEqual(changes.map(() => ({ status: 'duplicate', seq: 0 })));
    expect(rowsOf(again, 'setting')).toEqual({ a: { key: 'a', value: '2' }, b: { key: 'b', value: '3' } });
    const after = await sync(server, who, { device: 'device-b' });
    expect(after).toEqual(before);
    expect(rowsOf(after, 'conflict')).toEqual({});
  });

  it('sends many rows packed to a device that reads them so, the same as JSON to others', async () => {
    const who = await signUp(server);
    const changes = Array.from({ length: 600 }, (_, index) => settingInsert(`key-${index}`, `${index}`));
    await sync(server, who, { changes, limit: 0 });
    const asked = async (accept: string, encoding: string, limit: number) => {
      const call = syncCall(who, syncRequest(who.user, { device: 'device-b', limit }));
      const reply = await server.app.inject({
        ...call,
        headers: { ...call.headers, accept, 'accept-encoding': encoding },
      });
      return { type: reply.headers['content-type'], body: reply.rawPayload };
    };
    const plain = await asked('application/json', 'identity', 600);
    expect(plain.type).toBe('application/json; charset=utf-8');
    const { changes: rows, ...rest } = JSON.parse(plain.body.toString()) as SyncReply;
    const packed = await asked(`${packedType}, application/json`, 'identity', 600);
    expect(packed.type).toBe(packedType);
    const read = parsePackedReply(packed.body);
    expect(read).toMatchObject({ ok: true, value: { ...rest, changes: [] } });
    const pages = unpackParts(read.ok ? read.value.packed! : [])!;
    expect(pages.map(({ table, ids, seqs, values }) => ({ table, ids, seqs, values }))).toEqual(
      rows.map(({ table, ids, seqs, values }) => ({ table, ids, seqs, values })),
    );
    const compressed = await asked(packedType, 'br', 600);
    expect(brotliDecompressSync(compressed.body)).toEqual(packed.body);
    expect((await asked(packedType, 'identity', 20)).type).toBe('application/json; charset=utf-8');
  });

  it('rejects one bad change by itself and takes the rest', async () => {
    const who = await signUp(server);
    const { results } = await sync(server, who, {
      changes: [{ ...settingInsert('a', '1'), table: 'nope' }, settingInsert('b', '2')],
    });
    expect(results).toEqual([
      { status: 'rejected', seq: 0, error: { code: 'unknown_table' } },
      { status: 'applied', seq: 1 },
    ]);
  });

  it('is paged until there is no more', async () => {
    const who = await signUp(server);
    await sync(server, who, { changes: Array.from({ length: 25 }, (_, at) => settingInsert(`s${at}`, 'x')) });
    const ids: string[] = [];
    let page: SyncReply | null = null;
    for (let turn = 0; page === null || page.more; turn += 1) {
      expect(turn).toBeLessThan(4);
      page = await sync(server, who, { device: 'b', cursor: page?.cursor ?? 0, limit: 10 });
      ids.push(...Object.keys(rowsOf(page, 'setting')));
    }
    expect(new Set(ids).size).toBe(25);
    expect(ids).toHaveLength(25);
  });
});

describe('bodies', () => {
  it('are read gzipped', async () => {
    const who = await signUp(server);
    const call = syncCall(who, gzipSync(JSON.stringify(syncRequest(who.user, { changes: [settingInsert('a', '1')] }))));
    const reply = await server.app.inject({ ...call, headers: { ...call.headers, 'content-encoding': 'gzip' } });
    expect(reply.json<SyncReply>().results).toEqual([{ status: 'applied', seq: 1 }]);
  });

  it.each(['br', 'deflate', 'gzip, gzip', 'zstd'])('are refused in another encoding: %s', async (encoding) => {
    const who = await signUp(server);
    const call = syncCall(who, syncRequest(who.user));
    const reply = await server.app.inject({ ...call, headers: { ...call.headers, 'content-encoding': encoding } });
    expect([reply.statusCode, reply.json<ErrorReply>().error.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('that say gzip and are not, or end too early, are malformed', async () => {
    const who = await signUp(server);
    const whole = gzipSync(JSON.stringify(syncRequest(who.user)));
    for (const body of [Buffer.from('{}'), whole.subarray(0, whole.length - 9), Buffer.alloc(0)]) {
      const call = syncCall(who, body);
      const reply = await server.app.inject({ ...call, headers: { ...call.headers, 'content-encoding': 'gzip' } });
      expect([reply.statusCode, reply.json<ErrorReply>().error.code]).toEqual([400, 'malformed']);
    }
  });

  it.each([
    { readable: 'gzip, deflate, br', encoding: 'br', unpack: brotliDecompressSync },
    { readable: 'gzip, deflate', encoding: 'gzip', unpack: gunzipSync },
  ])('go out as $encoding when they are large and the client can read $readable, else plain', async (form) => {
    const who = await signUp(server);
    await sync(server, who, { changes: Array.from({ length: 200 }, (_, at) => settingInsert(`s${at}`, 'some value')) });
    const call = syncCall(who, syncRequest(who.user, { device: 'b' }));
    const plain = await server.app.inject(call);
    expect(plain.headers['content-encoding']).toBeUndefined();
    const zipped = await server.app.inject({ ...call, headers: { ...call.headers, 'accept-encoding': form.readable } });
    expect(zipped.headers['content-encoding']).toBe(form.encoding);
    expect(zipped.headers['vary']).toMatch(/accept-encoding/i);
    expect(JSON.parse(form.unpack(zipped.rawPayload).toString())).toEqual(plain.json());
    const small = await server.app.inject({
      ...syncCall(who, syncRequest(who.user, { cursor: 200 })),
      headers: { ...call.headers, 'accept-encoding': form.readable },
    });
    expect(small.headers['content-encoding']).toBeUndefined();
  });
});

describe('a storage that fails', () => {
  async function replyWith(error: Error) {
    const real = openTestStore(':memory:');
    const fail = (): Promise<never> => Promise.reject(error);
    const store: ChangeStore = { ...real, exchange: fail, check: fail, head: fail };
    const failing = await buildTestServer({ store });
    const who = await signUp(failing);
    const reply = await failing.app.inject(syncCall(who, syncRequest(who.user)));
    const ready = await failing.app.inject('/api/ready');
    const events = await failing.app.inject({ url: '/api/sync/events', headers: { cookie: who.cookie } });
    await failing.close();
    return { reply, ready, events };
  }

  it('is unavailable for now, and says when to come back', async () => {
    const { reply, ready, events } = await replyWith(new StoreUnavailable('SQLite: SQLITE_FULL'));
    expect([reply.statusCode, reply.json<ErrorReply>().error.code]).toEqual([503, 'unavailable']);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect([ready.statusCode, events.statusCode]).toEqual([503, 503]);
  });

  it('is an internal error when it is a bug, without a word of what happened', async () => {
    const { reply } = await replyWith(new Error('the word "casa" broke it'));
    expect([reply.statusCode, reply.json<ErrorReply>().error.code]).toEqual([500, 'internal']);
    expect(reply.body).not.toMatch(/casa|stack|\.ts/);
    expect(reply.json<ErrorReply>().error.requestId).toBeTruthy();
  });
});

describe('too many syncs', () => {
  it('from one address are put off, and told when to come back', async () => {
    const busy = await buildTestServer({ config: { syncsPerMinute: 2 } });
    const who = await signUp(busy);
    for (let turn = 0; turn < 2; turn += 1) await sync(busy, who);
    const reply = await busy.app.inject(syncCall(who, syncRequest(who.user)));
    expect([reply.statusCode, reply.json<ErrorReply>().error.code]).toEqual([429, 'too_many_requests']);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    const elsewhere = { ...syncCall(who, syncRequest(who.user)), remoteAddress: '10.0.0.1' };
    expect((await busy.app.inject(elsewhere)).statusCode).toBe(200);
    await busy.close();
  });
});

describe('health', () => {
  it('is good, with the time, and is never cached', async () => {
    const reply = await server.app.inject('/api/health');
    expect([reply.statusCode, reply.json()]).toEqual([200, { status: 'ok', serverTime: testTime }]);
    expect(reply.headers['cache-control']).toBe('no-store');
  });
});
