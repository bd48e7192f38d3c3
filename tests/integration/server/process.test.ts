/** The server as a process: it starts, says where it is, stops cleanly, and keeps what it acknowledged when it is killed. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SyncReply } from '../../../src/protocol/messages.ts';
import { buildServer, post, type Environment, type ServerProgram } from '../../support/server-process.ts';
import { rowsOf, settingInsert, syncRequest } from '../../support/server-requests.ts';

let program: ServerProgram;
let data: string;
/** On the data of this file's tests. */
const at = (environment: Environment = {}): Environment => ({ LORIKEET_DATA: data, ...environment });

beforeAll(async () => {
  program = await buildServer();
  data = path.join(program.directory, 'data/deeper/lorikeet.db');
}, 60_000);

afterEach(() => program.killAll());
afterAll(() => program.remove());

describe('the server process', () => {
  it('serves the app and the API where it says, makes its data directory, and stops on SIGTERM and SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { child, url } = await program.start(at());
      expect(await (await fetch(url)).text()).toContain('<title>Lorikeet</title>');
      expect((await fetch(`${url}/api/health`)).status).toBe(200);
      child.kill(signal);
      expect(await once(child, 'close')).toEqual([0, null]);
    }
  });

  it('finishes the pushes in flight when it is told to stop, and says before that it is no longer ready', async () => {
    const { child, url } = await program.start(at({ STOP_DELAY: '4000', METRICS_PORT: '0' }));
    const signedUp = await post(`${url}/api/account`, { name: 'last-minute', password: 'correct horse' });
    const cookie = signedUp.headers.get('set-cookie')!.split(';')[0]!;
    const { user } = (await signedUp.json()) as { user: { id: string } };
    child.kill('SIGTERM');
    await vi.waitFor(async () => expect((await fetch(`${url}/api/ready`)).status).toBe(503), { interval: 10 });
    const pushes = Array.from({ length: 20 }, async (_, at) => {
      const changes = [settingInsert(`late${at}`, 'kept')];
      return (await post(`${url}/api/sync`, syncRequest(user.id, { changes, limit: 0 }), cookie)).status;
    });
    // The delay is many times what these take, also where everything is slow: after it no connection is taken.
    expect(new Set(await Promise.all(pushes))).toEqual(new Set([200]));
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('keeps every acknowledged change when it is killed', async () => {
    const first = await program.start(at());
    const signedUp = await post(`${first.url}/api/account`, { name: 'survivor', password: 'correct horse' });
    const cookie = signedUp.headers.get('set-cookie')!.split(';')[0]!;
    const { user } = (await signedUp.json()) as { user: { id: string } };
    const acknowledged: string[] = [];
    // Pushes at once, and the kill in their midst: what was answered by then must be there, whatever else is.
    const pushes = Array.from({ length: 60 }, async (_, at) => {
      const changes = [settingInsert(`s${at}`, 'kept')];
      const reply = await post(`${first.url}/api/sync`, syncRequest(user.id, { changes, limit: 0 }), cookie);
      if (reply.ok) acknowledged.push(`s${at}`);
      if (acknowledged.length === 20) first.child.kill('SIGKILL');
    });
    await Promise.allSettled(pushes);
    await vi.waitFor(() => expect(first.child.signalCode).toBe('SIGKILL'), { timeout: 15_000 });
    expect(acknowledged.length).toBeGreaterThanOrEqual(20);

    const second = await program.start(at());
    const reply = await post(`${second.url}/api/sync`, syncRequest(user.id, { device: 'b' }), cookie);
    const rows = rowsOf((await reply.json()) as SyncReply, 'setting');
    expect(acknowledged.filter((id) => !(id in rows))).toEqual([]);
  });

  it('writes a line a request with its id, and no name, cookie, address or value, into its log', async () => {
    const { child, url, output } = await program.start(at({ LOG_LEVEL: 'trace' }));
    const name = 'private-name';
    const signedUp = await post(`${url}/api/account?q=private-query`, { name, password: 'private-password' });
    const cookie = signedUp.headers.get('set-cookie')!.split(';')[0]!;
    const { user } = (await signedUp.json()) as { user: { id: string } };
    await post(
      `${url}/api/sync`,
      syncRequest(user.id, { changes: [settingInsert('private-key', 'private-value')] }),
      cookie,
    );
    const refused = await post(`${url}/api/session`, { name, password: 'private-wrong' });
    await fetch(`${url}/private-page`, { headers: { accept: 'text/html' } });
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(output()).toContain('/api/sync');
    // What a person is told of a failure leads to its line.
    const lines = output()
      .split('\n')
      .filter((line) => line.includes(refused.headers.get('x-request-id')!));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ route: '/api/session', status: 401 }]);
    expect(output()).not.toContain('private');
    expect(output()).not.toContain(cookie.split('=')[1]);
    expect(output()).not.toContain(user.id);
    expect(output()).not.toContain('127.0.0.1');
  });
});

describe('a start that cannot work', () => {
  it('names every wrong setting', async () => {
    const { code, output } = await program.exitCode(at({ PORT: '70000', LOG_LEVEL: 'loud' }));
    expect(code).toBe(1);
    expect(output).toMatch(/^PORT must be .*"70000"\.\nLOG_LEVEL must be .*"loud"\.\n$/);
  });

  it('says that the file is not a database, and leaves it alone', async () => {
    const file = path.join(program.directory, 'notes.txt');
    await writeFile(file, 'these are my notes, not a database, and long enough to be looked at. '.repeat(20));
    const { code, output } = await program.exitCode(at({ LORIKEET_DATA: file }));
    expect(code).toBe(1);
    expect(output).toContain('is not a SQLite database');
  });

  it('says that the port is taken, and closes the database', async () => {
    const { url } = await program.start(at());
    const { code, output } = await program.exitCode(
      at({
        PORT: new URL(url).port,
        LORIKEET_DATA: path.join(program.directory, 'other.db'),
      }),
    );
    expect(code).toBe(1);
    expect(output).toContain('EADDRINUSE');
  });
});
