import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreUnavailable, type ChangeStore } from '../../../src/server/change-store.ts';
import { openSqliteStore } from '../../../src/server/stores/sqlite/sqlite-store.ts';
import { settingInsert, testTime } from '../../support/server-requests.ts';
import { deletion } from '../../support/store-pushes.ts';

let directory: string;
let file: string;
let store: ChangeStore;

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-store-'));
  file = path.join(directory, 'lorikeet.db');
  const opened = openSqliteStore({ file, newId: () => 'id', lockTimeout: 20 });
  if (!opened.ok) throw new Error(opened.error);
  store = opened.value;
  await store.createAccount({ id: 'u', name: 'u', nameKey: 'u', passwordHash: '', now: testTime });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const nothing = {
  ...{ user: 'u', device: 'a', schema: 1, session: null, writers: [], epoch: '', cursor: 0, known: 0 },
  ...{ changes: [], limit: 0, now: testTime },
};
const push = () => store.exchange({ ...nothing, changes: [settingInsert('x', '1')] });

it('is unavailable while another process writes, stores nothing of it, and then goes on', async () => {
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  await expect(push()).rejects.toThrow(StoreUnavailable);
  const session = { id: 's', tokenHash: 't', user: 'u', deviceName: '', now: testTime, expiresAt: testTime + 1 };
  await expect(store.createSession(session)).rejects.toThrow(StoreUnavailable);
  expect(await store.head('u')).toBe(0);
  other.exec('ROLLBACK');
  other.close();
  expect(await push()).toMatchObject({ value: { results: [{ status: 'applied' }] } });
});

it('passes a bug on as it is', async () => {
  const session = { id: 's', tokenHash: 't', user: 'u', deviceName: null as never, now: testTime, expiresAt: 1 };
  await expect(store.createSession(session)).rejects.toThrow('NOT NULL constraint failed');
});

it('says why it cannot open its file', () => {
  expect(openSqliteStore({ file: directory, newId: () => 'id' })).toMatchObject({
    ok: false,
    error: expect.stringContaining('cannot be opened') as string,
  });
});

it('finds due cards beside rows that are damaged', async () => {
  const card = (id: string) => ({
    ...({ table: 'vocabulary_item', id, op: 'insert', stamp: settingInsert('x', '1').stamp, baseSeq: 0 } as const),
    values: { language: 'de', word: id, translation: '', created_at: 1, due_at: 1, card_state: 2 },
  });
  const changes = ['a', 'b', 'c', 'd'].map(card);
  expect(await store.exchange({ ...nothing, changes })).toMatchObject({ ok: true });
  const other = new Database(file);
  const damage = other.prepare('UPDATE row SET data = ? WHERE id = ?');
  ['', '{"card_state":2,', '[]'].forEach((data, index) => damage.run(data, changes[index]!.id));
  expect(await store.hasDueCards('u', testTime)).toBe(true);
  damage.run('null', 'd');
  other.close();
  expect(await store.hasDueCards('u', testTime)).toBe(false);
});

it('compacts around conflicts that are damaged, and goes on to the other accounts', async () => {
  const day = 86_400_000;
  const rules = { conflictAge: 30 * day, deviceAge: 60 * day, settle: day };
  await store.createAccount({ id: 'v', name: 'v', nameKey: 'v', passwordHash: '', now: testTime });
  for (const user of ['u', 'v']) {
    await store.exchange({ ...nothing, user, changes: [settingInsert('x', '1')] });
    await store.exchange({ ...nothing, user, cursor: 1, changes: [deletion('x', { baseSeq: 1 })] });
    await store.exchange({ ...nothing, user, cursor: 2, now: testTime + day / 24 });
  }
  const other = new Database(file);
  const damage = other.prepare(
    `INSERT INTO row (user, tbl, id, seq, deleted, data, meta) SELECT key, 'conflict', ?, 2, 0, ?, ? FROM account`,
  );
  damage.run('data', '{"state":', '{}');
  damage.run('meta', '{"state":"decided"}', '{"w":');
  damage.run('both', '{"state":"decided","table_name":"setting"}', '{}');
  other.close();
  let forgotten = 0;
  for (const days of [40, 50]) {
    const now = testTime + days * day;
    for (let more = true; more;) {
      const step = await store.compact({ now, rules });
      forgotten += step.tombstones;
      more = step.more;
    }
  }
  expect(forgotten).toBe(2);
});
