/** The event stream over a real socket: who is poked, with what, and when a stream ends. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestStore, startTestServer, type TestServer } from '../../support/server-harness.ts';
import { settingInsert, signUp, sync, type SignedUp } from '../../support/server-requests.ts';

/** Waits for a condition, however busy the machine is. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });

let server: TestServer;
let shift = 0;
beforeAll(async () => {
  server = await startTestServer({ config: { heartbeat: 30 }, now: () => Date.now() + shift });
});
afterAll(() => server.close());

interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** What arrived so far, heartbeats left out. */
  text(): string;
  raw(): string;
  readonly ended: () => boolean;
  close(): void;
}

const open: EventStream[] = [];

async function listen(who: SignedUp, query = '', more: Record<string, string> = {}): Promise<EventStream> {
  const abort = new AbortController();
  const reply = await fetch(`${server.url}/api/sync/events${query}`, {
    headers: { cookie: who.cookie, 'accept-encoding': 'gzip', ...more },
    signal: abort.signal,
  });
  let received = '';
  let ended = false;
  void (async () => {
    try {
      const decoder = new TextDecoder();
      for await (const chunk of reply.body ?? []) received += decoder.decode(chunk, { stream: true });
    } catch {
      // Closed by this test.
    }
    ended = true;
  })();
  const stream: EventStream = {
    status: reply.status,
    headers: reply.headers,
    text: () => withoutWait(received.replaceAll(':\n\n', '')),
    raw: () => received,
    ended: () => ended,
    close: () => abort.abort(),
  };
  open.push(stream);
  return stream;
}

const poke = (head: number) => `id: ${head}\nevent: poke\ndata: ${head}\n\n`;
/** Without the time to wait before connecting again, which is another each time. */
const start = (head: number) => poke(head);
const withoutWait = (text: string): string => text.replace(/^retry: \d+\n/, '');

describe('the event stream', () => {
  it('begins with the head of the account', async () => {
    const who = await signUp(server);
    await sync(server, who, { changes: [settingInsert('a', '1'), settingInsert('b', '1')] });
    const stream = await listen(who);
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.headers.get('content-encoding')).toBeNull();
    expect(stream.headers.get('cache-control')).toContain('no-store');
    expect(stream.headers.get('content-security-policy')).toContain("default-src 'self'");
    await until(() => expect(stream.text()).toBe(start(2)));
  });

  it('tells who comes back after a cut of what it missed, also of its own changes', async () => {
    const who = await signUp(server);
    await sync(server, who, { changes: [settingInsert('a', '1')] });
    const first = await listen(who, '?device=device-b');
    await until(() => expect(first.text()).toBe(poke(1)));
    first.close();
    await sync(server, who, { changes: [settingInsert('b', '1')] });
    await sync(server, who, { device: 'device-b', changes: [settingInsert('c', '1')] });
    const again = await listen(who, '?device=device-b', { 'last-event-id': '1' });
    await until(() => expect(again.text()).toBe(poke(3)));
  });

  it('says when to connect again, not at the same moment to all', async () => {
    const who = await signUp(server);
    const streams = await Promise.all(Array.from({ length: 20 }, () => listen(who)));
    await until(() => streams.forEach((stream) => expect(stream.raw()).toMatch(/^retry: \d{4}\n/)));
    const waits = streams.map((stream) => Number(/\d+/.exec(stream.raw())![0]));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(4_000);
    expect(new Set(waits).size).toBeGreaterThan(10);
  });

  it('pokes every page of the user with the sequence alone, and nobody else', async () => {
    const [who, other] = [await signUp(server), await signUp(server)];
    const [first, second, stranger] = [await listen(who), await listen(who), await listen(other)];
    await sync(server, who, { changes: [settingInsert('a', 'private')] });
    for (const stream of [first, second]) await until(() => expect(stream.text()).toBe(start(0) + poke(1)));
    await until(() => expect(stranger.raw()).toContain(':\n\n'));
    expect(stranger.text()).toBe(start(0));
  });

  it('does not poke for a pull, for a duplicate, or the device that made the change', async () => {
    const who = await signUp(server);
    const [own, others] = [await listen(who, '?device=device-a'), await listen(who, '?device=device-b')];
    const changes = [settingInsert('a', '1')];
    await sync(server, who, { changes });
    await sync(server, who, { changes });
    await sync(server, who, { device: 'device-b' });
    await sync(server, who, { device: 'device-c', changes: [settingInsert('z', '1')] });
    await until(() => expect(others.text()).toBe(start(0) + poke(1) + poke(2)));
    await until(() => expect(own.text()).toBe(start(0) + poke(2)));
  });

  it('ends when its session is signed out, and only that one', async () => {
    const who = await signUp(server, 'stream leaver');
    const signedIn = await fetch(`${server.url}/api/session`, {
      method: 'POST',
      headers: { origin: server.url, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'stream leaver', password: 'correct horse' }),
    });
    const second = { user: who.user, cookie: signedIn.headers.get('set-cookie')!.split(';')[0]! };
    const [leaving, staying] = [await listen(who), await listen(second)];
    await fetch(`${server.url}/api/session`, { method: 'DELETE', headers: { origin: server.url, cookie: who.cookie } });
    await until(() => expect(leaving.ended()).toBe(true));
    await sync(server, second, { changes: [settingInsert('a', '1')] });
    await until(() => expect(staying.text()).toBe(start(0) + poke(1)));
    expect(leaving.text()).toBe(start(0));
  });

  it('ends when its session expires', async () => {
    const who = await signUp(server);
    const stream = await listen(who);
    await until(() => expect(stream.raw()).toContain(':\n\n'));
    expect(stream.ended()).toBe(false);
    shift = 181 * 86_400_000;
    await until(() => expect(stream.ended()).toBe(true));
    shift = 0;
  });

  it('is not opened by a HEAD, nor for a device of an impossible name', async () => {
    const { cookie } = await signUp(server);
    const head = await fetch(`${server.url}/api/sync/events`, { method: 'HEAD', headers: { cookie } });
    expect(head.status).toBe(404);
    const wrong = await fetch(`${server.url}/api/sync/events?device=a%20b`, { headers: { cookie } });
    expect(wrong.status).toBe(400);
  });

  it('is refused without a session', async () => {
    const stream = await listen({ user: 'x', cookie: '' });
    expect(stream.status).toBe(401);
    await until(() => expect(stream.raw()).toContain('"signed_out"'));
  });

  it('ends the oldest of a user’s streams above 32, and the newest still works', async () => {
    const who = await signUp(server);
    const streams: EventStream[] = [];
    for (let at = 0; at < 33; at += 1) streams.push(await listen(who));
    await until(() => expect(streams[0]!.ended()).toBe(true));
    await sync(server, who, { changes: [settingInsert('a', '1')] });
    await until(() => expect(streams[32]!.text()).toBe(start(0) + poke(1)));
    expect(streams.slice(1).some((stream) => stream.ended())).toBe(false);
    for (const stream of streams) stream.close();
  });

  it('is forgotten when the page goes away: only the pages that are left get signs of life', async () => {
    const asked: string[] = [];
    const store = openTestStore(':memory:');
    const spied = await startTestServer({
      config: { heartbeat: 20 },
      store: { ...store, findSession: (hash, at) => (asked.push(hash), store.findSession(hash, at)) },
    });
    const abort = new AbortController();
    for (const signal of [abort.signal, undefined]) {
      const { cookie } = await signUp(spied);
      await fetch(`${spied.url}/api/sync/events`, { headers: { cookie }, ...(signal ? { signal } : {}) });
    }
    await until(() => expect(new Set(asked.slice(-2)).size).toBe(2));
    abort.abort();
    await until(() => expect(new Set(asked.slice(-4)).size).toBe(1));
    await spied.close();
  });

  it('ends when the server stops, which does not wait for it', async () => {
    const brief = await startTestServer();
    const who = await signUp(brief);
    const reply = await fetch(`${brief.url}/api/sync/events`, { headers: { cookie: who.cookie } });
    const body = reply.text().then(withoutWait);
    await brief.close();
    expect(await body).toBe(start(0));
  });
});

afterAll(() => {
  for (const stream of open) stream.close();
});
