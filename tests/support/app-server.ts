/** The built server, as a process of its own on a free port, with its data in a folder that goes away with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url));
const startTimeout = 20_000;

export class AppServer {
  readonly port: number;
  readonly folder: string;
  #process: ChildProcess | null = null;
  #output = '';

  private constructor(port: number, folder: string) {
    this.port = port;
    this.folder = folder;
  }

  static async start(): Promise<AppServer> {
    if (!existsSync(program)) throw new Error('The app is not built: run `npm run build` first.');
    const server = new AppServer(await freePort(), await mkdtemp(join(tmpdir(), 'lorikeet-server-')));
    await server.run();
    return server;
  }

  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  /** The server's SQLite file. */
  get dataFile(): string {
    return join(this.folder, 'lorikeet.db');
  }

  /** What it printed, for the report of a failed test. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process, after `stop` again on the same data. Resolves when it answers. */
  async run(): Promise<void> {
    const child = spawn(process.execPath, [program], {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        PORT: String(this.port),
        LORIKEET_DATA: this.dataFile,
        LOG_LEVEL: 'warn',
        SIGN_IN_TRIES: '1000',
        PUSH_LOOPBACK: 'yes',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes: Buffer) => {
        this.#output += bytes.toString();
      });
    }
    const exited = once(child, 'exit').then(() => {
      throw new Error(`The server ended at its start:\n${this.#output}`);
    });
    await Promise.race([exited, this.#answers()]);
    exited.catch(() => undefined);
  }

  /** Ends the process as Ctrl-C does; gives its exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (!child) return null;
    if (child.exitCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    await exited;
    return child.exitCode;
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    const until = Date.now() + startTimeout;
    while (Date.now() < until) {
      const healthy = await fetch(`${this.origin}/api/health`).then(
        (reply) => reply.ok,
        () => false,
      );
      if (healthy) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`The server did not answer in ${startTimeout} ms:\n${this.#output}`);
  }
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
