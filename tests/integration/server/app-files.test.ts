/** The built app as it is served: what is cached, what is compressed, what a missing page is, and the security headers. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTestServer, type TestServer } from '../../support/server-harness.ts';

const script = `console.log("${'lorikeet '.repeat(500)}");`;
const wasm = Buffer.from([0x00, 0x61, 0x73, 0x6d, ...Array.from({ length: 4_000 }, () => 7)]);
let directory: string;
let server: TestServer;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lorikeet-app-'));
  await mkdir(path.join(directory, 'app/assets'), { recursive: true });
  const files: Record<string, string | Buffer> = {
    'secret.txt': 'outside of the app',
    'app/index.html': '<!doctype html><title>Lorikeet</title>',
    'app/sw.js': script,
    'app/manifest.webmanifest': '{"name":"Lorikeet"}',
    'app/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'app/assets/main-a1b2c3.js': script,
    'app/assets/sqlite3-d4e5f6.wasm': wasm,
    'app/assets/style-aa11.css': 'body{}'.repeat(400),
    'app/assets/ready-bb22.js': script,
    'app/assets/ready-bb22.js.br': brotliCompressSync(script),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(directory, name), content);
  server = await buildTestServer({ appDirectory: path.join(directory, 'app') });
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

function get(url: string, headers: Record<string, string> = {}) {
  return server.app.inject({ url, headers: { host: 'localhost:8787', ...headers } });
}

const navigation = { accept: 'text/html,application/xhtml+xml', 'sec-fetch-mode': 'navigate' };

describe('caching', () => {
  it.each(['/assets/main-a1b2c3.js', '/assets/sqlite3-d4e5f6.wasm', '/assets/style-aa11.css'])(
    'is for ever: %s',
    async (url) => {
      const reply = await get(url);
      expect([reply.statusCode, reply.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    },
  );

  it.each(['/', '/index.html', '/sw.js', '/manifest.webmanifest', '/icon.svg'])(
    'is never without asking: %s',
    async (url) => {
      const reply = await get(url);
      expect([reply.statusCode, reply.headers['cache-control']]).toEqual([200, 'no-cache']);
    },
  );

  it('answers an unchanged file with 304, still to be asked for again', async () => {
    const etag = String((await get('/sw.js')).headers['etag']);
    const again = await get('/sw.js', { 'if-none-match': etag });
    expect([again.statusCode, again.headers['cache-control']]).toEqual([304, 'no-cache']);
  });

  it('does not keep that a file is missing', async () => {
    const reply = await get('/assets/gone-123.js');
    expect([reply.statusCode, reply.headers['cache-control']]).toEqual([404, 'no-store']);
  });
});

describe('types and compression', () => {
  it.each([
    ['/', /^text\/html/],
    ['/assets/main-a1b2c3.js', /javascript/],
    ['/assets/sqlite3-d4e5f6.wasm', /^application\/wasm/],
    ['/manifest.webmanifest', /^application\/manifest\+json/],
  ])('%s has its type', async (url, type) => {
    expect((await get(url)).headers['content-type']).toMatch(type);
  });

  it.each(['/assets/main-a1b2c3.js', '/assets/sqlite3-d4e5f6.wasm', '/assets/style-aa11.css', '/sw.js'])(
    '%s is gzipped for who can read that',
    async (url) => {
      const [plain, zipped] = [await get(url), await get(url, { 'accept-encoding': 'gzip' })];
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(zipped.headers['content-encoding']).toBe('gzip');
      expect(zipped.headers['vary']).toMatch(/accept-encoding/i);
      expect(gunzipSync(zipped.rawPayload)).toEqual(plain.rawPayload);
      expect(zipped.headers['cache-control']).toBe(plain.headers['cache-control']);
    },
  );

  it('sends what the build has compressed as it is', async () => {
    const reply = await get('/assets/ready-bb22.js', { 'accept-encoding': 'gzip, br' });
    expect(reply.headers['content-encoding']).toBe('br');
    expect(reply.headers['content-type']).toMatch(/javascript/);
    expect(reply.headers['cache-control']).toContain('immutable');
    expect(reply.headers['vary']).toMatch(/accept-encoding/i);
    expect(reply.rawPayload).toEqual(brotliCompressSync(script));
  });
});

describe('a page that only the app knows', () => {
  it.each(['/words', '/words/some-id', '/review?due=1'])('is the app: %s', async (url) => {
    const reply = await get(url, navigation);
    expect([reply.statusCode, reply.headers['cache-control']]).toEqual([200, 'no-cache']);
    expect(reply.body).toContain('<title>Lorikeet</title>');
  });

  it.each([
    ['/assets/gone-123.js', {}],
    ['/gone.png', { accept: 'image/*' }],
    ['/api/nothing', navigation],
    ['/api', navigation],
  ])('is not: %s', async (url, headers) => {
    const reply = await get(url, headers);
    expect(reply.statusCode).toBe(404);
    expect(reply.json()).toMatchObject({ error: { code: 'not_found' } });
  });

  it.each(['/../secret.txt', '/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt', '/%2e%2e/secret.txt', '/assets/%00'])(
    'never leads out of the app: %s',
    async (url) => {
      const reply = await get(url);
      expect(reply.statusCode).toBeGreaterThanOrEqual(400);
      expect(reply.statusCode).toBeLessThan(500);
      expect(reply.body).not.toContain('outside');
    },
  );
});

describe('the security headers', () => {
  const policy =
    "default-src 'self';script-src 'self' 'wasm-unsafe-eval';style-src 'self';img-src 'self' data:;connect-src 'self';" +
    "worker-src 'self';manifest-src 'self';object-src 'none';base-uri 'none';form-action 'self';frame-ancestors 'none'";

  it.each(['/', '/words', '/sw.js', '/assets/main-a1b2c3.js', '/api/health', '/api/nothing', '/assets/gone.js'])(
    'are on every reply: %s',
    async (url) => {
      const { headers } = await get(url, navigation);
      expect(headers['content-security-policy']).toBe(policy);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['permissions-policy']).toContain('geolocation=()');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['x-powered-by']).toBeUndefined();
    },
  );

  it('never isolate the page: SQLite’s start hangs with that in one browser', async () => {
    for (const url of ['/', '/sw.js', '/api/health']) {
      const { headers } = await get(url);
      expect(headers).not.toHaveProperty('cross-origin-opener-policy');
      expect(headers).not.toHaveProperty('cross-origin-embedder-policy');
    }
  });

  it('ask for HTTPS only behind TLS', async () => {
    const forwarded = { 'x-forwarded-proto': 'https' };
    expect((await get('/', forwarded)).headers).not.toHaveProperty('strict-transport-security');
    const behind = await buildTestServer({ config: { trustProxy: ['127.0.0.1'] } });
    const headers = { host: 'localhost', ...forwarded };
    const reply = await behind.app.inject({ url: '/api/health', headers, remoteAddress: '127.0.0.1' });
    expect(reply.headers['strict-transport-security']).toBe('max-age=31536000');
    const stranger = await behind.app.inject({ url: '/api/health', headers, remoteAddress: '10.1.1.1' });
    expect(stranger.headers).not.toHaveProperty('strict-transport-security');
    await behind.close();
  });
});
