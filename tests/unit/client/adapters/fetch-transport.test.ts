import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createFetchTransport } from '../../../../src/client/adapters/fetch-transport.ts';
import { packedType, packPages, withHead } from '../../../../src/protocol/packed-pages.ts';
import type { SyncReply, SyncRequest } from '../../../../src/protocol/messages.ts';

const request: SyncRequest = {
  protocol: 1,
  schema: 1,
  user: 'ana',
  device: 'a',
  writers: [],
  epoch: '',
  cursor: 0,
  known: 0,
  changes: [],
  limit: 10,
};
const reply: SyncReply = {
  results: [],
  changes: [],
  cursor: 1,
  epoch: 'e',
  head: 1,
  more: false,
  clock: 2,
  serverTime: 3,
};

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

function exchange(answer: (sent: Sent) => Response | Promise<Response>, asked: SyncRequest = request) {
  const sent: Sent[] = [];
  const stop = new AbortController();
  const transport = createFetchTransport({
    giveWay: stop.signal,
    fetch: async (url, init) => {
      sent.push({ url: url as string, init: init! });
      return answer(sent.at(-1)!);
    },
  });
  return { sent, stop, result: transport.exchange(asked) };
}

const json = (body: unknown, init?: ResponseInit) => new Response(JSON.stringify(body), init);

describe('the transport', () => {
  it('posts the request with the session and gives the reply with its sizes', async () => {
    const { sent, result } = exchange(() => json(reply, { headers: { 'content-length': '77' } }));
    expect(await result).toEqual({ ok: true, value: { reply, sent: JSON.stringify(request).length, received: 77 } });
    expect(sent[0]).toMatchObject({
      url: '/api/sync',
      init: { method: 'POST', credentials: 'same-origin', cache: 'no-store' },
    });
    expect(JSON.parse(new TextDecoder().decode(sent[0]!.init.body as Uint8Array))).toEqual(request);
  });

  it('asks for packed rows, and gives them as they came', async () => {
    const packed = packPages([
      { table: 'setting', ids: ['a'], seqs: [1], deleted: [], columns: ['key'], values: [['theme']] },
    ])!;
    const body = withHead(reply, [packed]);
    const { sent, result } = exchange(() => new Response(body, { headers: { 'content-type': packedType } }));
    const outcome = await result;
    expect(outcome).toMatchObject({ ok: true, value: { received: body.length } });
    expect(outcome.ok && outcome.value.reply).toEqual({ ...reply, packed: [packed] });
    expect(sent[0]!.init.headers).toMatchObject({ accept: `${packedType}, application/json` });
  });

  it('refuses packed rows without a reply', async () => {
    const { result } = exchange(() => new Response('{}', { headers: { 'content-type': packedType } }));
    expect(await result).toMatchObject({ ok: false, error: { code: 'bad_reply' } });
  });

  it('compresses a large request', async () => {
    const large: SyncRequest = {
      ...request,
      changes: [
        { table: 'document', id: 'd', op: 'update', stamp: 1, baseSeq: 1, values: { content: 'x'.repeat(50_000) } },
      ],
    };
    const { sent, result } = exchange(() => json({ ...reply, results: [] }), large);
    const outcome = await result;
    expect(outcome).toMatchObject({ ok: true });
    expect(sent[0]!.init.headers).toMatchObject({ 'content-encoding': 'gzip' });
    const body = sent[0]!.init.body as Uint8Array;
    expect(body.byteLength).toBeLessThan(1_000);
    expect(JSON.parse(gunzipSync(body).toString())).toEqual(large);
  });

  it.each<[string, () => Response, object]>([
    [
      'a coded error',
      () => json({ error: { code: 'signed_out', message: '' } }, { status: 401 }),
      { code: 'signed_out' },
    ],
    [
      'a wait in seconds',
      () => json({ error: { code: 'too_many_requests' } }, { status: 429, headers: { 'retry-after': '7' } }),
      { code: 'too_many_requests', retryAfter: 7_000 },
    ],
    [
      'a refused clock',
      () => json({ error: { code: 'clock_ahead', serverTime: 5 } }, { status: 409 }),
      { code: 'clock_ahead', serverTime: 5 },
    ],
    ['the page of a proxy', () => new Response('<html>', { status: 502 }), { code: 'unavailable' }],
    ['half an answer', () => new Response('{"results":[]', { status: 200 }), { code: 'bad_reply' }],
    ['an answer that is not ours', () => json({ ok: true }), { code: 'bad_reply' }],
    ['the sign-in page of a wireless network', () => new Response('<html>Welcome'), { code: 'bad_reply' }],
  ])('reads %s', async (_, answer, failure) => {
    expect(await exchange(answer).result).toMatchObject({ ok: false, error: failure });
  });

  it('reads a wait until a date', async () => {
    const soon = new Date(Date.now() + 60_000).toUTCString();
    const { result } = exchange(() => json({}, { status: 503, headers: { 'retry-after': soon } }));
    const outcome = await result;
    expect(outcome).toMatchObject({ error: { code: 'unavailable' } });
    expect(!outcome.ok && outcome.error.retryAfter).toBeGreaterThan(50_000);
  });

  it('asks for no wait that is past or unreadable', async () => {
    for (const header of ['Thu, 01 Jan 1970 00:00:00 GMT', 'soon']) {
      const { result } = exchange(() => json({}, { status: 503, headers: { 'retry-after': header } }));
      expect(await result).not.toHaveProperty('error.retryAfter');
    }
  });

  it('says offline when nothing is reached', async () => {
    const { result } = exchange(() => Promise.reject(new TypeError('Failed to fetch')));
    expect(await result).toMatchObject({ ok: false, error: { code: 'offline' } });
  });

  it('says offline when the connection breaks in the middle of the answer', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('network error')) });
    expect(await exchange(() => new Response(broken)).result).toMatchObject({ error: { code: 'offline' } });
  });

  it('gives way at once when the storage is wanted elsewhere', async () => {
    // As `fetch` does it: a signal that was aborted before counts too.
    const { stop, result } = exchange(
      ({ init: { signal } }) =>
        new Promise((_, reject) => {
          signal!.throwIfAborted();
          signal!.addEventListener('abort', () => reject(signal!.reason as Error));
        }),
    );
    stop.abort();
    expect(await result).toEqual({ ok: false, error: { code: 'storage_busy' } });
  });
});
