import Database from 'better-sqlite3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeExportFile } from '../../../src/server/stores/sqlite/export-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lorikeet-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A page as a store gives it. */
async function* pages(values: Record<string, string>) {
  yield await Promise.resolve({ table: 'setting', rows: [{ id: 'theme', values }] });
}

it('leaves empty what a row of an older app does not have', async () => {
  const file = path.join(folder, 'export.sqlite');
  await writeExportFile(file, pages({ key: 'theme' }));
  const database = new Database(file, { readonly: true });
  expect(database.prepare('SELECT * FROM setting').all()).toEqual([{ id: 'theme', key: 'theme', value: null }]);
  database.close();
});

it('lets the file go when the rows cannot be read', async () => {
  const file = path.join(folder, 'export.sqlite');
  const broken = {
    async *[Symbol.asyncIterator]() {
      yield* pages({ key: 'theme', value: 'dark' });
      throw new Error('the store is away');
    },
  };
  await expect(writeExportFile(file, broken)).rejects.toThrow('the store is away');
  await rm(file);
});
