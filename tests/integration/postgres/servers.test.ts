/**
 * Two server processes on one PostgreSQL: one user on both, pushes at once, a server killed, the database restarted. What was
 * acknowledged is there once, and a cursor that is moved all the while misses nothing (I5, I6).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Change, ChangeResult, SyncReply, SyncRequest } from '../../../src/protocol/messages.ts';
import { stampAt } from '../../../src/sync/clock.ts';
import { createDatabase, dropDatabase, startPostgres, type PostgresCluster } from '../../support/postgres-cluster.ts';
import { buildServer, post, type Running, type ServerProgram } from '../../support/server-process.ts';
import { settingInsert, syncRequest } from '../../support/server-requests.ts';

const patience = { timeout: 30_000, interval: 20 };
let program: ServerProgram;
let cluster: PostgresCluster;
let database: string;
let servers: Running[];
let who: { readonly user: string; readonly cookie: string };

beforeAll(async () => {
  [program, cluster] = await Promise.all([buildServer(), startPostgres()]);
}, 120_000);
afterAll(async () => {
  await cluster.close();
  await program.remove();
}, 60_000);

beforeAll(async () => {
  database = await createDatabase(cluster.url);
}, 60_000);
afterEach(async () => {
  program.killAll();
  await dropDatabase(database);
  database = await createDatabase(cluster.url);
}, 60_000);

/** Both start at once on an empty database: one of them makes the tables. */
async function startBoth(): Promise<void> {
  servers = await Promise.all([0, 1].map(() => program.start({ DATABASE_URL: database })));
  const signedUp = await post(`${servers[0]!.url}/api/account`, { name: `person ${v7()}`, password: 'correct horse' });
  const { user } = (await signedUp.json()) as { user: { id: string } };
  who = { user: user.id, cookie: signedUp.headers.get('set-cookie')!.split(';')[0]! };
}

async function ask(server: Running, parts: Partial<SyncRequest>): Promise<SyncReply> {
  const reply = await post(`${server.url}/api/sync`, syncRequest(who.user, parts), who.cookie);
  if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`);
  return (await reply.json()) as SyncReply;
}

/** Asks until there is an answer, of whichever server; that is what a device does. */
async function askPatiently(parts: Partial<SyncRequest>, first: number): Promise<SyncReply> {
  let turn = first;
  return vi.waitFor(() => ask(servers[turn++ % servers.length]!, parts), patience);
}

/** A device's pushes, one after the other: each a row of its own, and an edit of the row that all of them edit. */
async function pushFrom(device: string, at: number, count: number): Promise<ChangeResult[]> {
  const results: ChangeResult[] = [];
  for (let n = 0; n < count; n++) {
    const stamp = stampAt(Date.now());
    const changes: Change[] = [
      settingInsert(`${device}-${n}`, 'kept', { stamp }),
      settingInsert('shared', `${device} ${n}`, {
        stamp: stamp + 1,
        values: { key: 'shared', value: `${device} ${n}` },
      }),
    ];
    results.push(...(await askPatiently({ device, changes, limit: 0 }, at)).results);
  }
  return results;
}

interface Seen {
  /** By table and id: the sequence and the values of the row as it came last. */
  readonly rows: Map<string, string>;
  cursor: number;
}

async function pullOnce(seen: Seen, device: string, at: number): Promise<boolean> {
  const reply = await askPatiently({ device, cursor: seen.cursor, limit: 7 }, at);
  for (const { table, ids, seqs, values } of reply.changes) {
    ids.forEach((id, row) => seen.rows.set(`${table} ${id}`, JSON.stringify([seqs[row], values.map((of) => of[row])])));
  }
  expect(reply.cursor).toBeGreaterThanOrEqual(seen.cursor);
  seen.cursor = reply.cursor;
  return reply.more;
}

async function pullAll(seen: Seen, device: string): Promise<Seen> {
  while (await pullOnce(seen, device, 0));
  return seen;
}

/** Moves a cursor all the while; gives what it saw once the work is done and nothing more comes. */
async function watchWhile(work: Promise<unknown>): Promise<Seen> {
  const seen: Seen = { rows: new Map(), cursor: 0 };
  let done = false;
  const settled = work.finally(() => (done = true));
  // A failure of the work is reported below.
  settled.catch(() => undefined);
  for (let turn = 0; !done; turn++) {
    await pullOnce(seen, 'watcher', turn);
    await nextTurn();
  }
  await settled;
  return pullAll(seen, 'watcher');
}

/** The watcher has what a new device gets; every row that was pushed is there, each under a sequence of its own. */
async function expectConverged(watched: Seen, devices: readonly string[], count: number): Promise<void> {
  const fresh = await pullAll({ rows: new Map(), cursor: 0 }, 'fresh');
  expect([...watched.rows].sort()).toEqual([...fresh.rows].sort());
  expect(watched.cursor).toBe(fresh.cursor);
  const expected = devices.flatMap((device) => Array.from({ length: count }, (_, n) => `setting ${device}-${n}`));
  const settings = [...fresh.rows.keys()].filter((key) => key.startsWith('setting'));
  expect(settings.sort()).toEqual([...expected, 'setting shared'].sort());
  const sequences = [...fresh.rows.values()].map((row) => (JSON.parse(row) as [number])[0]);
  expect(new Set(sequences).size).toBe(sequences.length);
}

const devices = ['d0', 'd1', 'd2', 'd3', 'd4', 'd5'];

describe('two servers on one PostgreSQL', () => {
  it('take pushes of one user at once, and no cursor passes what was not committed yet', async () => {
    await startBoth();
    const pushes = Promise.all(devices.map((device, at) => pushFrom(device, at, 15)));
    const watched = await watchWhile(pushes);
    const statuses = (await pushes).flat().map(({ status }) => status);
    expect(statuses.filter((status) => status !== 'applied' && status !== 'merged')).toEqual([]);
    await expectConverged(watched, devices, 15);
  }, 120_000);

  it('lose and double nothing when one is killed in mid-push', async () => {
    await startBoth();
    let answered = 0;
    const counted = devices.map(async (device, at) => {
      for (let n = 0; n < 15; n++) {
        const changes = [settingInsert(`${device}-${n}`, 'kept', { stamp: stampAt(Date.now()) })];
        await askPatiently({ device, changes: [...changes, settingInsert('shared', 'x')], limit: 0 }, at);
        if (++answered === 20) servers[1]!.child.kill('SIGKILL');
      }
    });
    const watched = await watchWhile(Promise.all(counted));
    expect(servers[1]!.child.signalCode).toBe('SIGKILL');
    await expectConverged(watched, devices, 15);
  }, 120_000);

  it('go on when the database was restarted underneath', async () => {
    await startBoth();
    const pushes = Promise.all(devices.map((device, at) => pushFrom(device, at, 15)));
    const restarted = (async () => {
      await vi.waitFor(async () => {
        const { cursor } = await askPatiently({ device: 'eager', cursor: 1e9, limit: 0 }, 0);
        expect(cursor).toBeGreaterThan(10);
      }, patience);
      await cluster.restart();
    })();
    const watched = await watchWhile(Promise.all([pushes, restarted]));
    await expectConverged(watched, devices, 15);
    for (const server of servers) {
      await vi.waitFor(async () => expect((await fetch(`${server.url}/api/ready`)).status).toBe(200), patience);
    }
  }, 120_000);

  it('say so while the database is away, and are alive', async () => {
    await startBoth();
    await cluster.crash();
    const [server] = servers;
    await vi.waitFor(async () => expect((await fetch(`${server!.url}/api/ready`)).status).toBe(503), patience);
    expect((await fetch(`${server!.url}/api/health`)).status).toBe(200);
    await cluster.start();
    await vi.waitFor(async () => expect((await fetch(`${server!.url}/api/ready`)).status).toBe(200), patience);
    expect(server!.child.exitCode).toBeNull();
  }, 120_000);

  it('poke each other’s devices', async () => {
    await startBoth();
    const heard: { head: number; at: number }[] = [];
    const abort = new AbortController();
    const stream = await fetch(`${servers[1]!.url}/api/sync/events`, {
      headers: { cookie: who.cookie },
      signal: abort.signal,
    });
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of stream.body!) {
        for (const [, head] of decoder.decode(chunk).matchAll(/^data: (\d+)$/gm)) {
          heard.push({ head: Number(head), at: performance.now() });
        }
      }
    })().catch(() => undefined);
    await vi.waitFor(() => expect(heard).toHaveLength(1), patience);
    const times: number[] = [];
    for (let n = 1; n <= 60; n++) {
      await ask(servers[0]!, { changes: [settingInsert(`s${n}`, 'x')], cursor: n - 1, limit: 0 });
      const answered = performance.now();
      const poke = await vi.waitFor(
        () => {
          const found = heard.find(({ head }) => head === n);
          if (!found) throw new Error(`no poke of ${n}`);
          return found;
        },
        { ...patience, interval: 1 },
      );
      times.push(poke.at - answered);
    }
    times.sort((a, b) => a - b);
    const [p50, p95] = [times[30]!, times[57]!].map((time) => `${Math.max(0, time).toFixed(1)} ms`);
    console.info(`pokes across servers, after the answer to the push: p50 ${p50}, p95 ${p95}`);

    // The connection for pokes was lost, and with it what was said meanwhile.
    await cluster.restart();
    await askPatiently({ changes: [settingInsert('after', 'x')], cursor: 60, limit: 0 }, 0);
    await vi.waitFor(() => expect(heard.at(-1)?.head).toBe(61), patience);
    abort.abort();
    await reading;
  }, 120_000);

  it('refuse to start without a database, with a sentence that says why and no password', async () => {
    const gone = 'postgres://lorikeet:secret-word@127.0.0.1:1/postgres';
    const unreachable = await program.exitCode({ DATABASE_URL: gone });
    expect(unreachable).toEqual({
      code: 1,
      output:
        'The database postgres at 127.0.0.1:1 cannot be reached: nothing listens there (ECONNREFUSED). Check DATABASE_URL.\n',
    });
    const wrong = await program.exitCode({ DATABASE_URL: 'mysql://lorikeet:secret-word@localhost/x' });
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain('DATABASE_URL must be');
    expect(wrong.output).not.toContain('secret-word');
  });
});
