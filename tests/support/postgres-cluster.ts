/**
 * A private PostgreSQL for tests: a real one, in a temporary directory, on a free port of the loopback. Its keeper
 * (postgres-keeper.mjs) ends it whatever happens to the one who started it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';

export interface PostgresCluster {
  /** Of the cluster itself; tests make databases of their own by `createDatabase`. */
  readonly url: string;
  readonly port: number;
  /** The process that PostgreSQL's own descend from. */
  readonly pid: number;
  /** As in a crash, then again. Resolves when it takes connections again. */
  restart(): Promise<void>;
  /** As in a crash. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

export async function startPostgres(): Promise<PostgresCluster> {
  const port = await freePort();
  const directory = path.join(tmpdir(), `lorikeet-postgres-${process.pid}-${port}`);
  const keeper = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'postgres-keeper.mjs'), directory, String(port)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const gone = once(keeper, 'exit');
  const words = createInterface({ input: keeper.stdout });
  const heard = (word: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const listen = (line: string): void => {
        if (line !== word) return;
        words.off('line', listen);
        resolve();
      };
      words.on('line', listen);
      void gone.then(() => reject(new Error('PostgreSQL did not start; the reason is above.')));
    });
  const say = async (command: string, answer: string): Promise<void> => {
    const answered = heard(answer);
    keeper.stdin.write(`${command}\n`);
    await answered;
  };
  await heard('ready');
  return {
    url: `postgres://lorikeet@127.0.0.1:${port}/postgres`,
    port,
    pid: keeper.pid!,
    restart: () => say('restart', 'ready'),
    crash: () => say('stop', 'stopped'),
    start: () => say('start', 'ready'),
    async close() {
      keeper.stdin.end();
      await gone;
    },
  };
}

let databases = 0;

/** A new, empty database in the cluster at `url`; gives its address. */
export async function createDatabase(url: string): Promise<string> {
  const name = `test_${process.pid}_${Date.now()}_${databases++}`;
  await inCluster(url, `CREATE DATABASE ${name}`);
  return url.replace(/[^/]+$/, name);
}

export async function dropDatabase(url: string): Promise<void> {
  const name = url.slice(url.lastIndexOf('/') + 1);
  await inCluster(url.replace(/[^/]+$/, 'postgres'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** Runs one statement on a connection of its own. */
export async function inCluster(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
