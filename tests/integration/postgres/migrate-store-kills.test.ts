/**
 * `npm run migrate-store` as a process of its own, killed (SIGKILL) in the midst of its copy again and again, from SQLite to
 * PostgreSQL and back: in the end all three hold the same, nothing twice (I5).
 */
import { once } from 'node:events';
import path from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyStore } from '../../../src/server/copy-store.ts';
import type { CopySide } from '../../../src/server/store-copy.ts';
import { openPostgresSide } from '../../../src/server/stores/postgres/copy-side.ts';
import { openSqliteSide } from '../../../src/server/stores/sqlite/copy-side.ts';
import { createDatabase, dropDatabase } from '../../support/postgres-cluster.ts';
import { postgresForTests } from '../../support/postgres-setup.ts';
import { openTestStore } from '../../support/server-harness.ts';
import { buildServer, type ServerProgram } from '../../support/server-process.ts';
import { addAccount, push, settings } from '../../support/store-pushes.ts';

const people = ['u1', 'u2', 'u3'];
const rowsEach = 3_000;
const allRows = people.length * rowsEach;
/** Of all rows: how much further a copy may get before it is killed. */
const reach = allRows / 5;

let program: ServerProgram;
let url: string;
beforeAll(async () => {
  program = await buildServer('migrate-store');
  url = await createDatabase(await postgresForTests());
}, 120_000);
afterAll(async () => {
  program.killAll();
  await dropDatabase(url);
  await program.remove();
}, 60_000);

/** Looks at a copy from outside, without waiting for who writes it. */
interface Onlooker {
  /** 0 before there are tables. */
  rows(): Promise<number>;
  close(): Promise<void>;
}

async function onDatabase(): Promise<Onlooker> {
  const client = new pg.Client({ connectionString: url });
  // A test that failed leaves it open, and its database goes.
  client.on('error', () => undefined);
  await client.connect();
  return {
    async rows() {
      const { rows: tables } = await client.query<{ there: boolean }>(
        `SELECT to_regclass('synced_row') IS NOT NULL AS there`,
      );
      if (!tables[0]!.there) return 0;
      return (await client.query<{ count: number }>('SELECT count(*)::int AS count FROM synced_row')).rows[0]!.count;
    },
    close: () => client.end(),
  };
}

function onFile(file: string): Onlooker {
  // Makes the file before the copy does: it is empty, as a copy may find it.
  const database = new Database(file);
  const tables = database.prepare<[], number>(`SELECT count(*) FROM sqlite_schema WHERE name = 'row'`).pluck();
  return {
    rows: async () => (tables.get() === 0 ? 0 : (database.prepare('SELECT count(*) FROM row').pluck().get() as number)),
    close: async () => void database.close(),
  };
}

/** Copies, and kills it whenever it got some way further; gives how many rows were there at each kill. */
async function copyUnderFire(from: string, to: string, onlooker: Onlooker): Promise<number[]> {
  const deaths: number[] = [];
  for (let enough = reach; enough < allRows; enough = (deaths.at(-1) ?? allRows) + reach) {
    const { child, output } = program.run({}, ['--from', from, '--to', to]);
    const gone = once(child, 'close');
    while ((await onlooker.rows()) < enough && child.exitCode === null) await pause(2);
    child.kill('SIGKILL');
    await gone;
    // It got through before it was seen, or it failed.
    if (child.signalCode !== 'SIGKILL') expect([child.exitCode, output()]).toEqual([0, expect.anything()]);
    else deaths.push(await onlooker.rows());
  }
  return deaths;
}

/** What a store holds: counts, and a checksum over all of it. */
async function summary(side: CopySide): Promise<unknown> {
  const compared = await copyStore({ from: side, to: side });
  await side.close();
  return compared.ok ? compared.value : compared.error;
}

it('a copy that is killed again and again goes on where it was, to PostgreSQL and back, and is whole', async () => {
  const [first, last] = ['first.db', 'last.db'].map((name) => path.join(program.directory, name)) as [string, string];
  const store = openTestStore(first);
  for (const user of people) {
    await addAccount(store, user);
    for (let from = 0; from < rowsEach; from += 1_000)
      await push(store, { user, changes: settings(1_000, from), limit: 0 });
  }
  await store.close();
  for (const [from, to, onlooker] of [
    [first, url, await onDatabase()],
    [url, last, onFile(last)],
  ] as const) {
    const deaths = await copyUnderFire(from, to, onlooker);
    const midway = deaths.filter((rows) => rows > 0 && rows < allRows);
    expect(midway.length, `killed with ${deaths.join(', ')} rows`).toBeGreaterThanOrEqual(2);
    const { code, output } = await program.exitCode({}, ['--from', from, '--to', to]);
    expect([code, output]).toEqual([0, expect.stringContaining(`3 accounts and ${allRows} rows`)]);
    expect(await onlooker.rows()).toBe(allRows);
    await onlooker.close();
  }
  const sides = [openSqliteSide(first), await openPostgresSide(url), openSqliteSide(last)];
  const summaries = await Promise.all(sides.map(async (side) => (side.ok ? summary(side.value) : side.error)));
  expect(summaries[0]).toMatchObject({ accounts: 3, rows: allRows });
  expect(summaries).toEqual([summaries[0], summaries[0], summaries[0]]);
}, 240_000);
