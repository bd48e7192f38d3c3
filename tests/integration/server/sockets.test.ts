/** What only a real connection can do wrong: bombs, half bodies, slow bodies, broken requests. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../src/protocol/limits.ts';
import type { ErrorReply, SyncReply } from '../../../src/protocol/messages.ts';
import { startTestServer, type TestServer } from '../../support/server-harness.ts';
import { settingInsert, signUp, sync, syncRequest, type SignedUp } from '../../support/server-requests.ts';

let server: TestServer;
/** Gives slow requests up at once; the other does not, however busy the machine is. */
let hasty: TestServer;
let who: SignedUp;
beforeAll(async () => {
  server = await startTestServer();
  hasty = await startTestServer({ config: { requestTimeout: 400 } });
  who = await signUp(server);
});
afterAll(() => Promise.all([server.close(), hasty.close()]));

function post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/api/sync`, {
    method: 'POST',
    headers: { origin: server.url, cookie: who.cookie, 'content-type': 'application/json', ...headers },
    body,
  });
}

/** Sends text as it is and gives all that comes back until the connection closes. */
function raw(text: string | Buffer, { url } = server): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.write(text);
  });
}

function head(extra: string, { url } = server): string {
  const { host } = new URL(url);
  return `POST /api/sync HTTP/1.1\r\nhost: ${host}\r\norigin: http://${host}\r\ncontent-type: application/json\r\n${extra}\r\n\r\n`;
}

describe('a body over the wire', () => {
  it('that inflates beyond the limit is cut off while inflating, without the memory of the whole', async () => {
    // A member after the other: what has to inflate is as large, and quicker to make.
    const member = gzipSync(Buffer.alloc(20_000_000), { level: 9 });
    const bomb = Buffer.concat(Array.from({ length: 30 }, () => member));
    const before = process.memoryUsage.rss();
    const reply = await post(bomb, { 'content-encoding': 'gzip' });
    expect(reply.status).toBe(413);
    expect(((await reply.json()) as ErrorReply).error.code).toBe('too_large');
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000);
    await sync(server, who);
  });

  it('that is large and compressed inflates to its end, after the last of it has arrived', async () => {
    const changes = Array.from({ length: 1_000 }, (_, index) => settingInsert(`key-${index}`, randomUUID().repeat(20)));
    const request = syncRequest(who.user, { changes, limit: 0 });
    const reply = await post(gzipSync(JSON.stringify(request)), { 'content-encoding': 'gzip' });
    expect(reply.status).toBe(200);
    const { results } = (await reply.json()) as SyncReply;
    expect(results).toHaveLength(1_000);
    expect(results.every(({ status }) => status === 'applied')).toBe(true);
  });

  it('that is compressed but never inflates to anything is cut off as well', async () => {
    // Empty stored blocks: five bytes each, nothing inside.
    const blocks = Buffer.alloc(limits.requestBytes + 10, Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]));
    const empty = Buffer.concat([gzipSync('').subarray(0, 10), blocks]);
    const { port } = new URL(server.url);
    const reply = await fetch(`${server.url}/api/sync`, {
      method: 'POST',
      headers: { origin: `http://localhost:${port}`, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      // A stream has no length beforehand: only counting can end it.
      body: new Blob([empty]).stream(),
      duplex: 'half',
    } as RequestInit).then(
      (answer) => answer.status,
      () => 'connection closed',
    );
    expect([413, 'connection closed']).toContain(reply);
    await sync(server, who);
  });

  it('that is announced too large is refused before it is sent', async () => {
    const answer = await raw(head(`content-length: ${limits.requestBytes + 1}`));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"too_large"');
  });

  it('that ends halfway is dropped, and the server goes on', async () => {
    const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    await new Promise<void>((resolve) => {
      socket.write(`${head('content-length: 1000')}{"protocol":1,`, () => resolve());
    });
    socket.destroy();
    await sync(server, who);
  });

  it('that never comes to its end is given up in time', async () => {
    const answer = await raw(`${head('content-length: 1000', hasty)}{"protocol":1,`, hasty);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"timeout"');
  });

  it('that never comes to its end is given up in time when it is compressed', async () => {
    const start = gzipSync(JSON.stringify(syncRequest(who.user))).subarray(0, 20);
    const first = Buffer.from(head('content-length: 500\r\ncontent-encoding: gzip', hasty));
    const answer = await raw(Buffer.concat([first, start]), hasty);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('in chunks is read like any other', async () => {
    const text = JSON.stringify(syncRequest(who.user));
    const middle = Math.floor(text.length / 2);
    const chunks = [text.slice(0, middle), text.slice(middle)].map(
      (part) => `${part.length.toString(16)}\r\n${part}\r\n`,
    );
    const extra = `transfer-encoding: chunked\r\nconnection: close\r\ncookie: ${who.cookie}`;
    expect(await raw(`${head(extra)}${chunks.join('')}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('a reply', () => {
  it('that nobody reads is given up in time', async () => {
    const appDirectory = await mkdtemp(path.join(tmpdir(), 'lorikeet-large-'));
    await writeFile(path.join(appDirectory, 'index.html'), '<!doctype html><title>Lorikeet</title>');
    // More than the buffers between two sockets hold.
    await writeFile(path.join(appDirectory, 'large.bin'), Buffer.alloc(40_000_000));
    const impatient = await startTestServer({ appDirectory, config: { requestTimeout: 400 } });
    const closed = new Promise<void>((resolve) => {
      impatient.app.server.once('connection', (socket) => socket.once('close', () => resolve()));
    });
    const reader = net.connect(Number(new URL(impatient.url).port), '127.0.0.1').pause();
    reader.on('error', () => undefined);
    reader.write('GET /large.bin HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await closed;
    reader.destroy();
    await impatient.close();
    await rm(appDirectory, { recursive: true });
  });
});

describe('a request that is none', () => {
  it.each([
    ['noise', '\u0000\u0001\u0002 hello\r\n\r\n'],
    ['two lengths', 'POST /api/sync HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello'],
    [
      'length and chunks at once',
      'POST /api/sync HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello',
    ],
  ])('is refused in JSON and the connection closed: %s', async (_name, text) => {
    const answer = await raw(text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"malformed"');
  });

  it('is refused when its head is too large', async () => {
    expect(await raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });
});
