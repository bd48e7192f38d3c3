/** What the conformance suite cannot see of a deletion: the bytes of the file, and a crash half-way. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChangeStore } from '../../../src/server/change-store.ts';
import { openTestStore } from '../../support/server-harness.ts';
import { settingInsert, testTime } from '../../support/server-requests.ts';

let directory: string;
let file: string;
let store: ChangeStore;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lorikeet-removal-'));
  file = path.join(directory, 'lorikeet.db');
  store = openTestStore(file);
  await store.createAccount({ id: 'u', name: 'Leaver Name', nameKey: 'leaver', passwordHash: 'h', now: testTime });
  const changes = Array.from({ length: 300 }, (_, at) => settingInsert(`s${at}`, `private words ${at}`));
  await store.exchange({
    user: 'u',
    device: 'a',
    schema: 1,
    session: null,
    writers: [],
    epoch: '',
    cursor: 0,
    known: 0,
    changes,
    limit: 0,
    now: testTime,
  });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const traces = () =>
  ['', '-wal'].flatMap((suffix) => {
    const text = readFileSync(file + suffix).toString('latin1');
    return ['private words', 'Leaver Name'].filter((trace) => text.includes(trace));
  });

it('leaves no trace in the file or its log', async () => {
  expect(traces()).not.toEqual([]);
  await store.deleteAccount('u');
  expect(traces()).toEqual([]);
});

it('that a crash cut short is finished at the next start', async () => {
  await store.close();
  const crashed = new Database(file);
  crashed.exec(`UPDATE account SET gone = 1, name_key = 'x'; DELETE FROM row WHERE id < 's2'`);
  crashed.close();
  store = openTestStore(file);
  const after = new Database(file, { readonly: true });
  const left = after.prepare('SELECT (SELECT count(*) FROM row), (SELECT count(*) FROM account)').raw().get();
  after.close();
  expect(left).toEqual([0, 0]);
});
