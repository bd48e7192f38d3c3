/**
 * What a change's way from one browser to another costs at least: a page's POST, a server-sent event to the other browser's
 * page, and that page's POST. A server of `node:http` that has the change on disk before it tells, and stores nothing else;
 * pages without a script of ours; bodies of the size that the app's own have.
 */
import { once } from 'node:events';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Tab } from './chromium.ts';

/** Bytes of the bodies of a push of one edit and of a pull that brings it. */
const bodies = { push: 700, pushed: 350, pull: 400, pulled: 900 } as const;

/** About what a commit of one edit adds to the log of the server's database. */
const change = Buffer.alloc(4 * 4_096, 'x');

export class BareWay {
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #file: number;

  /** @param file where it keeps what is pushed */
  static async start(file: string): Promise<BareWay> {
    const way = new BareWay(openSync(file, 'a'));
    way.#server.listen(0, '127.0.0.1');
    await once(way.#server, 'listening');
    return way;
  }

  private constructor(file: number) {
    this.#file = file;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  get address(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Milliseconds from just before A's request until B has the answer of its own. */
  async measure(a: Tab, b: Tab): Promise<number> {
    const seen = b.evaluate(() => (globalThis as unknown as { seen: () => Promise<number> }).seen());
    const began = await a.evaluate(
      (bytes) => (globalThis as unknown as { push: (bytes: number) => Promise<number> }).push(bytes),
      bodies.push,
    );
    return (await seen) - began;
  }

  /** Makes a page of this server ready for both parts. */
  async prepare(tab: Tab): Promise<void> {
    await tab.evaluate(async (bytes) => {
      // As wall-clock.ts has it: one clock for both browsers.
      let offset = -Infinity;
      for (let reading = 0; reading < 20_000; reading += 1) offset = Math.max(offset, Date.now() - performance.now());
      const clock = (): number => performance.now() + offset;
      const post = async (path: string, length: number): Promise<void> => {
        const response = await fetch(path, { method: 'POST', body: 'x'.repeat(length), cache: 'no-store' });
        await response.text();
      };
      const push = async (length: number): Promise<number> => {
        const began = clock();
        await post('push', length);
        return began;
      };
      let tell: (at: number) => void = () => undefined;
      const seen = (): Promise<number> => new Promise((resolve) => (tell = resolve));
      const source = new EventSource('events');
      source.addEventListener('message', () => void post('pull', bytes).then(() => tell(clock())));
      await new Promise((resolve) => source.addEventListener('open', resolve, { once: true }));
      Object.assign(globalThis, { push, seen });
    }, bodies.pull);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    closeSync(this.#file);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).flushHeaders();
      this.#streams.add(response);
      return;
    }
    request.resume();
    await once(request, 'end');
    if (request.url === '/push') {
      writeSync(this.#file, change);
      fdatasyncSync(this.#file);
      for (const stream of this.#streams) stream.write('data: 1\n\n');
    }
    const length = request.url === '/push' ? bodies.pushed : request.url === '/pull' ? bodies.pulled : 0;
    response.setHeader('content-type', 'text/html');
    response.end('x'.repeat(length));
  }
}
