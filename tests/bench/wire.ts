/** A TCP relay before the server: counts the bytes of a device's connections, notes what is asked for, and can be shut. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

export interface WireBytes {
  /** From the device to the server, heads of requests included. */
  readonly sent: number;
  readonly received: number;
}

export class Wire {
  readonly #target: number;
  readonly #sockets = new Set<net.Socket>();
  readonly #requests: string[] = [];
  #server: net.Server | null = null;
  #port = 0;
  #sent = 0;
  #received = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  static async start(target: number): Promise<Wire> {
    const wire = new Wire(target);
    await wire.open();
    return wire;
  }

  get origin(): string {
    return `http://localhost:${this.#port}`;
  }

  get bytes(): WireBytes {
    return { sent: this.#sent, received: this.#received };
  }

  /** `GET /index.html`, in the order they came. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  async open(): Promise<void> {
    this.#server = net.createServer((client) => this.#relay(client)).listen(this.#port, 'localhost');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Refuses connections and cuts those that are open. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }

  #relay(client: net.Socket): void {
    const server = net.connect(this.#target, 'localhost');
    client.on('data', (bytes) => {
      this.#sent += bytes.length;
      const request = /^[A-Z]+ \S+(?= HTTP\/1\.1\r\n)/.exec(bytes.subarray(0, 2_000).toString('latin1'))?.[0];
      if (request !== undefined) this.#requests.push(request);
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      this.#received += bytes.length;
      client.write(bytes);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket.setNoDelay(true));
      socket.on('error', () => socket.destroy());
      socket.on('end', () => other.end());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
