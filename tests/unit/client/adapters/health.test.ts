import { describe, expect, it } from 'vitest';
import { isServerWell } from '../../../../src/client/adapters/health.ts';

const answering =
  (body: string, status = 200): typeof fetch =>
  () =>
    Promise.resolve(new Response(body, { status }));

describe('the connection', () => {
  it('is there when the server says that it is well', async () => {
    expect(await isServerWell(answering('{"status":"ok","time":1}'))).toBe(true);
  });

  it.each<[string, typeof fetch]>([
    ['unwell', answering('{"status":"ok"}', 503)],
    ['an error', answering('{"error":{"code":"unavailable"}}', 503)],
    ['another status', answering('{"status":"starting"}')],
    ['a page that asks to sign in to the network', answering('<html>Welcome to the hotel</html>')],
    ['nothing', answering('null')],
  ])('is not there when the server is not well, or another answers', async (_, send) => {
    expect(await isServerWell(send)).toBe(false);
  });

  it('is not there when nothing is reached, or nothing comes in time', async () => {
    expect(await isServerWell(() => Promise.reject(new TypeError('no route')))).toBe(false);
    const silent: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    expect(await isServerWell(silent, 1)).toBe(false);
  });

  it('is asked of the server itself, past every cache', async () => {
    const asked: unknown[] = [];
    await isServerWell((url, init) => {
      asked.push(url, init?.cache);
      return Promise.resolve(new Response('{}'));
    });
    expect(asked).toEqual(['/api/health', 'no-store']);
  });
});
