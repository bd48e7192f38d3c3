/** The backup of the server's file: whole whatever the server does meanwhile, and never in the place of something else. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChangeStore } from '../../../src/server/change-store.ts';
import { backUp } from '../../../src/server/stores/sqlite/backup.ts';
import { openTestStore } from '../../support/server-harness.ts';
import { rowsOf } from '../../support/server-requests.ts';
import { addAccount, exchange, push, refused, settings } from '../../support/store-pushes.ts';

let directory: string;
let from: string;
let to: string;
let store: ChangeStore;
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-backup-'));
  from = path.join(directory, 'lorikeet.db');
  to = path.join(directory, 'backup.db');
  store = openTestStore(from);
  await addAccount(store, 'u1');
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

it('holds what was committed when it was made, while the server goes on writing', async () => {
  await push(store, { changes: settings(300) });
  const made = backUp({ from, to });
  await push(store, { cursor: 300, changes: settings(1, 300) });
  expect(made).toMatchObject({ ok: true, value: { accounts: 1, rows: 300 } });
  const restored = openTestStore(to);
  expect(Object.keys(rowsOf(await push(restored, { device: 'device-b' }), 'setting'))).toHaveLength(300);
  await restored.close();
});

it('put in the place of the file is noticed by the devices that know more, who bring it back', async () => {
  const before = await push(store, { changes: settings(2) });
  expect(backUp({ from, to }).ok).toBe(true);
  const after = await push(store, { cursor: 2, known: 2, epoch: before.epoch, changes: settings(3, 2) });
  const restored = openTestStore(to);
  await push(restored, { device: 'device-b', cursor: 2, known: 2, epoch: before.epoch, changes: settings(1, 9) });
  const asked = await exchange(restored, { cursor: after.cursor, known: after.cursor, epoch: after.epoch });
  expect(asked).toEqual(refused('history_lost', 2));
  await restored.close();
});

it('is one file, made anew where one was cut short, and leaves nothing else behind', async () => {
  await push(store, { changes: settings(1) });
  writeFileSync(`${to}.partial`, 'half of a backup');
  expect(backUp({ from, to }).ok).toBe(true);
  expect(readdirSync(directory).filter((name) => name.startsWith('backup'))).toEqual(['backup.db']);
});

it('never takes the place of another file, nor makes a server’s file where there is none', () => {
  writeFileSync(to, 'the backup of yesterday');
  expect(backUp({ from, to })).toEqual({ ok: false, error: expect.stringContaining('is there already') as string });
  const missing = path.join(directory, 'missing.db');
  const refusal = backUp({ from: missing, to: path.join(directory, 'other.db') });
  expect(refusal).toEqual({ ok: false, error: expect.stringContaining('is not there') as string });
  expect(existsSync(missing)).toBe(false);
});

it('that cannot be written says so, in a sentence', () => {
  const nowhere = path.join(directory, 'nowhere/backup.db');
  expect(backUp({ from, to: nowhere })).toEqual({ ok: false, error: expect.stringContaining(nowhere) as string });
});

it('of a damaged file is not made', async () => {
  await store.close();
  const database = new Database(from);
  // A foreign value in a strict column, as a flipped bit would leave it.
  database.unsafeMode(true);
  database.pragma('writable_schema = ON');
  database.exec("UPDATE sqlite_schema SET sql = replace(sql, 'head INTEGER', 'head TEXT') WHERE name = 'account'");
  database.close();
  expect(backUp({ from, to })).toEqual({ ok: false, error: expect.stringContaining('is damaged') as string });
  expect(existsSync(to)).toBe(false);
  store = openTestStore(':memory:');
});
