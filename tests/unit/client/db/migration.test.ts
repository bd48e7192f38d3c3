/** Client files of every earlier version, brought to the present one: the schema of a new file, and nothing lost. */
import 'fake-indexeddb/auto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../../../src/client/db/database.ts';
import type { Driver } from '../../../../src/client/db/driver.ts';
import { planQuery } from '../../../../src/client/db/queries.ts';
import { createSyncStore } from '../../../../src/client/db/sync-store.ts';
import { schemaVersion } from '../../../../src/schema/tables.ts';
import { openSqlJs, openWasmInMemory } from '../../../support/memory-drivers.ts';
import { openNodeDriver } from '../../../support/node-driver.ts';
import { storedRows, storedSchema } from '../../../support/stored-schema.ts';

const fixtures = new URL('../../../fixtures/', import.meta.url);
/** Version 1 was made with other indexes and triggers at first than at last. */
const earlier = [
  { version: 1, form: 'first' },
  { version: 1, form: 'last' },
] as const;
type Earlier = (typeof earlier)[number];

const drivers: readonly [string, () => Promise<Driver>][] = [
  ['better-sqlite3', () => Promise.resolve(openNodeDriver())],
  ['sqlite-wasm', openWasmInMemory],
  ['sql.js', () => openSqlJs()],
];
const stamp = 1_838_509_600_000_001;

/** Makes the file as the app of that version had made and used it. */
function fill(driver: Driver, { version, form }: Earlier): void {
  const read = (name: string) => readFileSync(new URL(`client-v${version}/${name}`, fixtures), 'utf8');
  driver.defineFunction('local_stamp', () => stamp);
  driver.exec(read(`${form}.${driver.fullText}.sql`));
  driver.exec(read('data.sql'));
  driver.exec(`PRAGMA user_version = ${version}`);
}

function open(driver: Driver): Database {
  const opened = Database.open({ driver, clock: { now: () => 1_795_500_000_000 }, newId: () => 'another device' });
  if (!opened.ok) throw new Error('the file is newer than the app');
  return opened.value;
}

const versionOf = (driver: Driver): unknown => driver.prepare('PRAGMA user_version').arrays()[0]?.[0];

describe.each(drivers)('on %s', (_, openDriver) => {
  let driver: Driver;
  beforeEach(async () => {
    driver = await openDriver();
  });
  afterEach(() => driver.close());

  describe.each(earlier)('a file of version $version, in its $form form,', (file) => {
    it('gets the very schema of a new file', async () => {
      fill(driver, file);
      open(driver);
      const fresh = await openDriver();
      open(fresh);
      expect(storedSchema(driver)).toEqual(storedSchema(fresh));
      expect(versionOf(driver)).toBe(schemaVersion);
      await fresh.close();
    });

    it('looks for the reviews of today as a new file does, not through all of them', async () => {
      fill(driver, file);
      const fresh = await openDriver();
      for (const each of [driver, fresh]) {
        open(each);
        const { sql, params } = planQuery('summary.get', { now: 2, dayStart: 1 });
        const steps = each
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .arrays(params)
          .map((step) => String(step[3]));
        expect(steps.filter((step) => /\breview\b/.test(step))).toEqual([
          expect.stringMatching(/^SEARCH review USING COVERING INDEX \S+ \(card_state=\? AND reviewed_at>\?\)/),
        ]);
      }
      await fresh.close();
    });

    it('keeps every row, every edit that waits, and what was set aside', () => {
      fill(driver, file);
      const before = storedRows(driver);
      open(driver);
      const after = storedRows(driver);
      for (const [table, rows] of Object.entries(before)) expect(after[table], table).toMatchObject(rows);
      expect(before['outbox']).toHaveLength(4);
    });

    it('sends what waited, finds words old and new, and goes on capturing edits', async () => {
      fill(driver, file);
      const database = open(driver);
      database.indexNewRows();
      const found = (term: string) =>
        database.read((sql) =>
          sql
            .arrays(
              `SELECT id FROM vocabulary_item WHERE _rowid IN (SELECT rowid FROM vocabulary_item_fts WHERE vocabulary_item_fts MATCH ?)`,
              [term],
            )
            .flat(),
        );
      expect([found('corazon'), found('gefuhl'), found('manana'), found('gato')]).toEqual([
        ['word-1'],
        ['word-1'],
        ['word-4'],
        [],
      ]);
      database.write((sql) => sql.run(`UPDATE vocabulary_item SET note = 'der Hund' WHERE id = 'word-2'`));
      const batch = await createSyncStore(database).gather('both');
      const sent = batch.ok ? batch.value.changes.map(({ id, op, values }) => [id, op, values?.['note']]) : batch;
      expect(sent).toEqual([
        ['profile-1', 'update', undefined],
        ['word-1', 'update', 'das Organ, und das Gefühl'],
        ['word-2', 'update', 'der Hund'],
        ['word-3', 'delete', undefined],
        ['word-4', 'insert', 'oder: der Morgen'],
      ]);
      expect(batch).toMatchObject({ value: { device: 'phone', user: 'user-1' } });
    });
  });

  it('a file of a newer version is left alone', () => {
    fill(driver, earlier[0]);
    driver.exec(`PRAGMA user_version = ${schemaVersion + 1}`);
    const before = [storedSchema(driver), storedRows(driver)];
    expect(Database.open({ driver, clock: { now: () => 1 }, newId: () => 'x' })).toEqual({ ok: false, error: 'newer' });
    expect([storedSchema(driver), storedRows(driver)]).toEqual(before);
  });
});

describe('a kill while a file is migrated', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-migration-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('leaves the old version whole, wherever it comes', async () => {
    const [file] = earlier;
    const original = openNodeDriver(path.join(directory, 'client.db'));
    fill(original, file);
    const before = [storedSchema(original), storedRows(original)];
    let step = 0;
    const watched: Driver = {
      ...original,
      exec: (sql) => {
        original.exec(sql);
        if (sql === 'COMMIT') return;
        // What a kill after this statement would leave on the disk.
        step += 1;
        for (const name of readdirSync(directory).filter((each) => each.startsWith('client.db'))) {
          if (!name.endsWith('-shm')) cpSync(path.join(directory, name), path.join(directory, `${step}${name}`));
        }
      },
    };
    open(watched);
    expect(step).toBeGreaterThan(10);
    for (let each = 1; each <= step; each += 1) {
      const left = openNodeDriver(path.join(directory, `${each}client.db`));
      expect(versionOf(left)).toBe(file.version);
      expect([storedSchema(left), storedRows(left)]).toEqual(before);
      // The next start begins anew; once tells as much as every time.
      if (each === step) {
        open(left);
        expect(storedSchema(left)).toEqual(storedSchema(original));
      }
      await left.close();
    }
    await original.close();
  });
});
