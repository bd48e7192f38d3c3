/**
 * A TCP proxy in front of the server under test: the one network of every page, worker and service worker, whichever
 * browser they run in. Faults of the whole line are modes; faults of one reply are rules.
 */
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** `refuse`: the port is closed. `reset`: accepted, then reset. `hang`: accepted, never answered. */
export type NetMode = 'up' | 'refuse' | 'reset' | 'hang';

/**
 * What happens to a reply after the server has done its work. `lost`: the line breaks before the first byte. `half`: it
 * breaks after half of the first packet. `held`: it never comes. `after`: it breaks after so many bytes. `status`: this
 * comes, and the server never hears of the request.
 */
export type ReplyFault = 'lost' | 'half' | 'held' | { readonly after: number } | StandIn;

interface StandIn {
  readonly status: number;
  readonly body: unknown;
}

interface Rule {
  readonly request: string;
  readonly fault: ReplyFault;
  /** So many requests meet no fault first. */
  spared: number;
  left: number;
}

interface Line {
  readonly client: net.Socket;
  readonly server: net.Socket;
  /** The rule that the request now under way meets. */
  rule: Rule | null;
  /** Bytes of the reply that came so far. */
  replied: number;
}

export class NetProxy {
  readonly #targetPort: number;
  readonly #lines = new Set<net.Socket>();
  readonly #rules = new Set<Rule>();
  readonly #garbled: { readonly from: Buffer; readonly to: Buffer }[] = [];
  readonly #requests: string[] = [];
  #server: net.Server;
  #mode: NetMode = 'up';
  #port = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = this.#createServer();
  }

  static async start(targetPort: number): Promise<NetProxy> {
    const proxy = new NetProxy(targetPort);
    await proxy.#listen();
    return proxy;
  }

  get origin(): string {
    return `http://localhost:${this.#port}`;
  }

  get mode(): NetMode {
    return this.#mode;
  }

  /** Every request that came through so far, oldest first: `POST /api/sync`. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  count(request: string): number {
    return this.#requests.filter((seen) => seen === request).length;
  }

  async set(mode: NetMode): Promise<void> {
    const before = this.#mode;
    this.#mode = mode;
    if (mode !== before) this.#cut();
    if (mode === 'refuse' && before !== 'refuse') await this.#unlisten();
    if (mode !== 'refuse' && before === 'refuse') await this.#listen();
  }

  /** The next `times` replies to this request meet the fault, after some that do not. */
  fail(request: string, fault: ReplyFault, times = 1, spared = 0): void {
    this.#rules.add({ request, fault, left: times, spared });
  }

  /**
   * What a request says as `from` arrives as `to`, of the same length: as from a version of the app that is broken. Both
   * have to lie within one packet, uncompressed.
   */
  garble(from: string, to: string): void {
    const rule = { from: Buffer.from(from), to: Buffer.from(to) };
    if (rule.from.length !== rule.to.length) throw new Error('Only as many bytes as there were.');
    this.#garbled.push(rule);
  }

  /** No request and no reply meets a fault any more. */
  heal(): void {
    this.#rules.clear();
    this.#garbled.length = 0;
  }

  async close(): Promise<void> {
    this.#cut();
    if (this.#mode !== 'refuse') await this.#unlisten();
  }

  #createServer(): net.Server {
    return net.createServer((client) => {
      this.#accept(client);
    });
  }

  #accept(client: net.Socket): void {
    this.#track(client);
    if (this.#mode === 'reset') client.resetAndDestroy();
    if (this.#mode !== 'up') return;
    const server = net.connect(this.#targetPort, 'localhost');
    this.#track(server);
    const line: Line = { client, server, rule: null, replied: 0 };
    client.on('data', (bytes) => {
      this.#note(line, bytes);
      if (line.rule && standInOf(line.rule)) return;
      if (!server.destroyed) server.write(this.#garble(bytes));
    });
    server.on('data', (bytes) => {
      this.#answer(line, bytes);
    });
    client.on('end', () => server.end());
    server.on('end', () => client.end());
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  /** A request line begins a packet: browsers send no second request before the first is answered. */
  #note(line: Line, bytes: Buffer): void {
    const match = /^([A-Z]+ \/[^ ?]*)[^ ]* HTTP\/1\.1\r\n/.exec(bytes.subarray(0, 2_000).toString('latin1'));
    const request = match?.[1];
    if (request === undefined) return;
    this.#requests.push(request);
    line.replied = 0;
    line.rule = this.#ruleFor(request);
    if (line.rule) line.rule.left -= 1;
    const standIn = line.rule && standInOf(line.rule);
    if (standIn) line.client.end(replyOf(standIn));
  }

  #ruleFor(request: string): Rule | null {
    const rule = [...this.#rules].find((each) => each.request === request && each.left > 0);
    if (!rule || rule.spared === 0) return rule ?? null;
    rule.spared -= 1;
    return null;
  }

  #garble(bytes: Buffer): Buffer {
    const arriving = Buffer.from(bytes);
    for (const { from, to } of this.#garbled) {
      const at = arriving.indexOf(from);
      if (at >= 0) arriving.set(to, at);
    }
    return arriving;
  }

  #answer(line: Line, bytes: Buffer): void {
    const { client, rule } = line;
    if (rule?.fault === 'held') return;
    if (!rule) {
      if (!client.destroyed) client.write(bytes);
      return;
    }
    if (rule.fault === 'lost') client.resetAndDestroy();
    else if (rule.fault === 'half') client.end(bytes.subarray(0, Math.ceil(bytes.length / 2)));
    else if ('after' in rule.fault) this.#cutAfter(line, bytes, rule.fault.after);
  }

  #cutAfter(line: Line, bytes: Buffer, after: number): void {
    const { client } = line;
    const room = after - line.replied;
    line.replied += bytes.length;
    if (room >= bytes.length) client.write(bytes);
    // What was sent so far arrives before the end does.
    else client.end(bytes.subarray(0, Math.max(0, room)));
  }

  #track(socket: net.Socket): void {
    this.#lines.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.#lines.delete(socket));
    // A broken line is what this proxy is for; `close` follows and tidies up.
    socket.on('error', () => socket.destroy());
  }

  #cut(): void {
    for (const socket of this.#lines) socket.resetAndDestroy();
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server = this.#createServer();
      this.#server.once('error', reject);
      this.#server.listen(this.#port, 'localhost', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  #unlisten(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

function standInOf({ fault }: Rule): StandIn | null {
  return typeof fault === 'object' && 'status' in fault ? fault : null;
}

function replyOf({ status, body }: StandIn): string {
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} Test`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  return `${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n${text}`;
}
