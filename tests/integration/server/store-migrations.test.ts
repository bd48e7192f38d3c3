/**
 * Servers of every earlier version, as their files and tables were left, under today's server: the tables of a new one, and
 * everything of everyone still there. The steps between are frozen (tests/contract/frozen-steps.test.ts).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/protocol/messages.ts';
import { schemaVersion } from '../../../src/schema/tables.ts';
import type { ChangeStore, Push } from '../../../src/server/change-store.ts';
import { migrations as postgresMigrations } from '../../../src/server/stores/postgres/schema.ts';
import { migrations as sqliteMigrations } from '../../../src/server/stores/sqlite/database-file.ts';
import { createDatabase, dropDatabase, inCluster } from '../../support/postgres-cluster.ts';
import { postgresForTests } from '../../support/postgres-setup.ts';
import { openPostgresTestStore, openTestStore } from '../../support/server-harness.ts';
import { rowsOf } from '../../support/server-requests.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/server/${name}.sql`, import.meta.url), 'utf8');
const now = 1_795_100_000_000;

const push = async (store: ChangeStore, parts: Partial<Push>) => {
  const exchanged = await store.exchange({
    ...{ user: 'user-ana', device: 'tablet', schema: schemaVersion, session: null, writers: [], epoch: '' },
    ...{ cursor: 0, known: 0, changes: [], limit: 100, now, ...parts },
  });
  if (!exchanged.ok) throw new Error(exchanged.error.code);
  return exchanged.value;
};

/** What Ana's devices and Bea's find, whichever version had stored it. */
async function serves(store: ChangeStore): Promise<void> {
  expect((await store.findSession('hash-phone', now))?.user).toEqual({ id: 'user-ana', name: 'Ana' });
  expect(await store.listSessions('user-ana', now)).toHaveLength(2);
  const pulled = await push(store, {});
  expect(pulled).toMatchObject({ cursor: 6, head: 6, more: false });
  expect(rowsOf(pulled, 'vocabulary_item')).toMatchObject({
    'word-1': { word: 'corazón', note: 'el' },
    'word-2': null,
  });
  expect(rowsOf(pulled, 'setting')).toMatchObject({ 'setting-1': { key: 'conflict' } });
  expect(rowsOf(pulled, 'sticker')).toEqual({});
  const newer = await push(store, { device: 'newer', schema: schemaVersion + 1 });
  expect(rowsOf(newer, 'sticker')).toEqual({ 'sticker-1': { shape: 'star' } });
  expect(rowsOf(await push(store, { user: 'user-bea' }), 'vocabulary_item')).toMatchObject({
    'word-1': { word: 'cœur' },
  });
  // The phone edits what the laptop has edited since, as the setting says: the person is asked.
  const edit: Change = {
    ...{ table: 'vocabulary_item', id: 'word-1', op: 'update', stamp: 1_838_090_000_000_000, baseSeq: 2 },
    values: { note: 'das' },
    base: { note: [2, ''] },
  };
  const merged = await push(store, {
    ...{ device: 'phone', session: 'hash-phone', epoch: pulled.epoch, cursor: 6, known: 6, changes: [edit] },
    writers: [
      ['writer-1', 1_838_080_000_000_002],
      ['writer-3', 1_838_090_000_000_000],
    ],
  });
  expect(merged.results).toMatchObject([{ status: 'merged' }]);
  expect(Object.values(rowsOf(merged, 'conflict'))).toMatchObject([
    { state: 'open', kept_value: '"el"', lost_value: '"das"', lost_device: 'phone' },
  ]);
  expect((await store.devices('user-ana', now)).map(({ id }) => id)).toEqual(
    expect.arrayContaining(['phone', 'tablet']),
  );
}

const sqliteVersions = Array.from({ length: sqliteMigrations.length - 1 }, (_, at) => at + 1);

describe.each(sqliteVersions)('a SQLite file of version %i', (version) => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-server-'));
    file = path.join(directory, 'lorikeet.db');
    const database = new Database(file);
    for (const each of sqliteVersions.slice(0, version)) database.exec(fixture(`v${each}`));
    database.close();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const schemaOf = (at: string) => {
    const database = new Database(at, { readonly: true });
    const objects = database
      .prepare<[], [string, string, string | null]>('SELECT type, name, sql FROM sqlite_schema ORDER BY name')
      .raw()
      .all()
      .map(([type, name, sql]) => [type, name, sql?.replaceAll(/\s+/g, ' ')]);
    const foreign = database.pragma('foreign_key_check');
    database.close();
    return { objects, foreign };
  };

  it('gets the tables of a new file, and serves all that is in it', async () => {
    const store = openTestStore(file);
    await serves(store);
    await store.close();
    const fresh = path.join(directory, 'fresh.db');
    await openTestStore(fresh).close();
    expect(schemaOf(file)).toEqual(schemaOf(fresh));
  });
});

it('PostgreSQL’s tables of version 1 are brought forward, and serve all that is in them', async () => {
  const url = await createDatabase(await postgresForTests());
  try {
    await inCluster(url, `${postgresMigrations[0]!}; ${fixture('postgres-v1')}`);
    const store = await openPostgresTestStore(url);
    await serves(store);
    await store.close();
    expect(await inCluster(url, 'SELECT version FROM lorikeet_schema')).toEqual([
      { version: postgresMigrations.length },
    ]);
  } finally {
    await dropDatabase(url);
  }
});
