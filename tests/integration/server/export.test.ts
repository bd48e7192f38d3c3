/** Everything of a person as a file: whole, only theirs, on both stores. */
import Database from 'better-sqlite3';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stampAt } from '../../../src/sync/clock.ts';
import { currentSchema } from '../../../src/schema/tables.ts';
import { createDatabase } from '../../support/postgres-cluster.ts';
import { postgresForTests } from '../../support/postgres-setup.ts';
import { buildTestServer, openPostgresTestStore, type TestServer } from '../../support/server-harness.ts';
import { sameOrigin, settingInsert, signUp, sync, testTime, type SignedUp } from '../../support/server-requests.ts';

interface ExportedJson {
  readonly format: number;
  readonly schema: number;
  readonly exportedAt: number;
  readonly account: { readonly id: string; readonly name: string };
  readonly tables: Readonly<Record<string, readonly { readonly id: string; readonly value?: string }[]>>;
}

let server: TestServer;
afterEach(() => server.close());

const stores = {
  SQLite: () => Promise.resolve(undefined),
  PostgreSQL: async () => openPostgresTestStore(await createDatabase(await postgresForTests())),
};

function download(who: Pick<SignedUp, 'cookie'>, format: string) {
  const headers = { ...sameOrigin, cookie: who.cookie };
  return server.app.inject({ method: 'GET', url: `/api/account/export?format=${format}`, headers });
}

async function start(open: () => ReturnType<(typeof stores)[keyof typeof stores]>): Promise<void> {
  const store = await open();
  server = await buildTestServer({ now: () => testTime, ...(store ? { store } : {}) });
}

describe.each(Object.entries(stores))('an export from %s', (_name, open) => {
  it('as JSON has every living row over many pages, and nothing of others', async () => {
    await start(open);
    const [ana, ben] = [await signUp(server, 'ana'), await signUp(server, 'ben')];
    const ids = Array.from({ length: 2_500 }, (_, index) => `key-${String(index).padStart(4, '0')}`);
    for (let from = 0; from < ids.length; from += 500) {
      const changes = ids.slice(from, from + 500).map((id) => settingInsert(id, `"of ana" ${id}`));
      await sync(server, ana, { changes, limit: 0 });
    }
    await sync(server, ana, { changes: [settingInsert('gone', 'x')], limit: 0 });
    const removal = {
      table: 'setting',
      id: 'gone',
      op: 'delete',
      stamp: stampAt(testTime) + 1,
      baseSeq: 2_501,
    } as const;
    await sync(server, ana, { changes: [removal], limit: 0 });
    await sync(server, ben, { changes: [settingInsert('key-0000', 'of ben')] });

    const reply = await download(ana, 'json');
    expect(reply.headers['content-disposition']).toBe('attachment; filename="lorikeet-2026-01-01.json"');
    const all = reply.json<ExportedJson>();
    expect(all).toMatchObject({ format: 1, schema: currentSchema.version, exportedAt: testTime });
    expect(all.account).toEqual({ id: ana.user, name: 'ana' });
    expect(Object.keys(all.tables)).toEqual(['setting']);
    expect(all.tables['setting']!.map(({ id }) => id)).toEqual(ids);
    expect(all.tables['setting']![7]).toEqual({ id: 'key-0007', key: 'key-0007', value: '"of ana" key-0007' });
  });

  it('as SQLite is a whole file with a table each', async () => {
    await start(open);
    const ana = await signUp(server, 'ana');
    await sync(server, ana, { changes: [settingInsert('theme', 'dark')] });
    const reply = await download(ana, 'sqlite');
    const folder = await mkdtemp(path.join(tmpdir(), 'lorikeet-test-'));
    const file = path.join(folder, 'export.sqlite');
    await writeFile(file, reply.rawPayload);
    const database = new Database(file, { readonly: true });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.prepare('SELECT * FROM setting').all()).toEqual([{ id: 'theme', key: 'theme', value: 'dark' }]);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();
    expect(tables).toEqual([...currentSchema.syncOrder].sort());
    database.close();
    await rm(folder, { recursive: true });
  });
});

it('an export of an account without rows is a file too', async () => {
  await start(stores.SQLite);
  const ana = await signUp(server, 'ana');
  expect((await download(ana, 'json')).json<ExportedJson>().tables).toEqual({});
  expect((await download(ana, 'sqlite')).statusCode).toBe(200);
});

it('an export is for who is signed in, in a format that there is, and leaves no file behind', async () => {
  await start(stores.SQLite);
  const ana = await signUp(server, 'ana');
  expect((await download({ cookie: '' }, 'json')).statusCode).toBe(401);
  expect((await download(ana, 'xml')).statusCode).toBe(400);
  expect((await download(ana, 'sqlite')).statusCode).toBe(200);
  const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('lorikeet-export-'));
  await expect.poll(left).toEqual([]);
});

it('exports are few an hour', async () => {
  await start(stores.SQLite);
  const ana = await signUp(server, 'ana');
  const statuses = [];
  for (let count = 0; count < 31; count += 1) statuses.push((await download(ana, 'json')).statusCode);
  expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 200));
  expect(statuses[30]).toBe(429);
});
