import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreUnavailable, type ChangeStore } from '../../../src/server/change-store.ts';
import { openSqliteStore } from '../../../src/server/stores/sqlite/sqlite-store.ts';
import { settingInsert, testTime } from '../../support/server-requests.ts';

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
