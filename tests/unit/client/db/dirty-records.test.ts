/** How dirty records are read: all as one text, or value by value where that cannot be. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StorageError, type Driver } from '../../../../src/client/db/driver.ts';
import { createSyncStore } from '../../../../src/client/db/sync-store.ts';
import { openTestDatabase, type TestDatabase } from '../../../support/client-database.ts';
import { openSqlJs, openWasmInMemory } from '../../../support/memory-drivers.ts';
import { openNodeDriver } from '../../../support/node-driver.ts';

const drivers: readonly [string, () => Promise<Driver>][] = [
  ['better-sqlite3', () => Promise.resolve(openNodeDriver())],
  ['sqlite-wasm', openWasmInMemory],
  ['sql.js', () => openSqlJs()],
];

const word = 'the end\0 of "a" \u2028 \\ café 🦜';
/** Numbers with all the digits that they can have. */
const figures = [0.1 + 0.2, 1 / 3, 12.345678901234567, 1e-7, 36_500.123456789];

it.each(drivers)('one text says what single values say, to the last digit, on %s', async (_, openDriver) => {
  const whole = await gathered(await openDriver());
  expect(whole.map(({ values }) => values?.['stability'])).toEqual(figures);
  expect(whole[0]!.values).toMatchObject({ word: `${word} 0`, note: word, last_review_at: null });
  const single = await gathered(refusingOneText(await openDriver()));
  expect(single).toEqual(whole);
});

let opened: TestDatabase[];
beforeEach(() => {
  opened = [];
});
afterEach(() => Promise.all(opened.map((database) => database.close())));

async function gathered(driver: Driver) {
  const device = openTestDatabase(driver);
  opened.push(device);
  device.database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ana'`), 'sync');
  device.database.write((sql) =>
    sql.runMany(
      `INSERT INTO vocabulary_item (id, language, word, translation, note, created_at, due_at, stability) VALUES (?, 'de', ?, '', ?, 1, 2, ?)`,
      figures.map((figure, at) => [`w${at}`, `${word} ${at}`, word, figure]),
    ),
  );
  const batch = await createSyncStore(device.database).gather('both');
  if (!batch.ok) throw new Error(batch.error.code);
  return batch.value.changes;
}

/** As SQLite does where the text would be too large. */
function refusingOneText(driver: Driver): Driver {
  const prepare = driver.prepare.bind(driver);
  return Object.assign(driver, {
    prepare: (sql: string) => {
      if (sql.includes('json_group_array')) throw new StorageError('storage_failed', 'string or blob too big');
      return prepare(sql);
    },
  });
}
