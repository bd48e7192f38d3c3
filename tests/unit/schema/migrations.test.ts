import { describe, expect, it } from 'vitest';
import { fullTextCatchUp, fullTextName } from '../../../src/schema/ddl.ts';
import { migrationPlan } from '../../../src/schema/migrations.ts';
import { defineSchema } from '../../../src/schema/schema.ts';
import { columnsOf, schemaVersion, syncOrder, tableOf, tables } from '../../../src/schema/tables.ts';
import { openNodeDriver } from '../../support/node-driver.ts';

const file = { objects: [], columnsOf: () => [], fullText: 'fts5' as const };
const text = { type: 'text', maxLength: 10 } as const;

describe('a client file', () => {
  it.each(['fts5', 'fts4'] as const)('is made from nothing, with %s', (fullText) => {
    const driver = openNodeDriver();
    const plan = migrationPlan({ ...file, version: 0, fullText });
    if (!plan.ok) throw new Error('a new file is older');
    driver.defineFunction('local_stamp', () => 1);
    for (const sql of plan.value) driver.exec(sql);
    const names = driver.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).arrays().flat();
    expect(names).toEqual(
      expect.arrayContaining([...Object.keys(tables), 'outbox', 'sync_state', 'sync_run', 'rejected_change']),
    );
    expect(driver.prepare('PRAGMA user_version').arrays()).toEqual([[schemaVersion]]);
    checkFullText(driver, fullText);
  });

  it('of the present version needs nothing', () => {
    expect(migrationPlan({ ...file, version: schemaVersion })).toEqual({ ok: true, value: [] });
  });

  it('of a newer version is left alone', () => {
    expect(migrationPlan({ ...file, version: schemaVersion + 1 })).toEqual({ ok: false, error: 'newer' });
  });

  it('goes through the steps that it lacks, without triggers, then gets those and the indexes of the declaration', () => {
    const note = { priority: 1, indexes: [['title'], ['at']], columns: { title: text, at: text } };
    const schema = defineSchema({
      tables: { note },
      steps: [{ statements: ['one'] }, { statements: ['two', 'three'] }, { statements: ['four'] }],
    });
    const objects = [
      { type: 'table', name: 'note', sql: 'CREATE TABLE note (title)' },
      { type: 'index', name: 'sqlite_autoindex_note_1', sql: null },
      { type: 'index', name: 'note_by_title', sql: 'CREATE INDEX note_by_title ON note (title)' },
      { type: 'index', name: 'note_by_old', sql: 'CREATE INDEX note_by_old ON note (old)' },
      { type: 'trigger', name: 'note_inserted', sql: 'CREATE TRIGGER note_inserted …' },
    ];
    const plan = migrationPlan({ ...file, version: 2, objects, columnsOf: () => ['title', 'at'] }, schema);
    expect(plan.ok && plan.value.map((sql) => sql.split(/ (?:AFTER|ON) /)[0])).toEqual([
      'DROP TRIGGER note_inserted',
      'DROP INDEX note_by_old',
      'two',
      'three',
      'four',
      'CREATE INDEX note_by_at',
      'CREATE TRIGGER note_inserted',
      'CREATE TRIGGER note_updated',
      'CREATE TRIGGER note_deleted',
      'CREATE TRIGGER note_gone',
      'PRAGMA user_version = 4',
    ]);
  });

  it.each([
    ['a column', ['title'], ['INSERT INTO unfilled_value', 'UPDATE sync_state']],
    ['a table, which has no rows that could lack values', [], ['UPDATE sync_state']],
    ['nothing', ['title', 'at'], []],
  ])('that has not had %s yet asks for what it was sent before', (_, stored, expected) => {
    const note = { priority: 1, columns: { title: text, at: text } };
    const schema = defineSchema({ tables: { note }, steps: [{ statements: ['one'] }] });
    const plan = migrationPlan({ ...file, version: 1, columnsOf: () => stored }, schema);
    const asked = plan.ok ? plan.value.filter((sql) => /unfilled_value .*SELECT|sync_state/.test(sql)) : [];
    expect(
      asked.map((sql) =>
        sql
          .split(' ')
          .slice(0, sql.startsWith('UPDATE') ? 2 : 3)
          .join(' '),
      ),
    ).toEqual(expected);
  });
});

/** Found by what it says now, with accents folded; not by what it said before. */
function checkFullText(driver: ReturnType<typeof openNodeDriver>, fullText: 'fts5' | 'fts4'): void {
  const index = fullTextName('vocabulary_item');
  const found = (term: string) =>
    driver.prepare(`SELECT rowid FROM ${index} WHERE ${index} MATCH ?`).arrays([term]).length;
  driver.exec(
    `INSERT INTO vocabulary_item (id, language, word, translation, created_at, due_at) VALUES ('w', 'es', 'corazón', 'heart', 1, 1)`,
  );
  const catchUp = () => {
    driver.prepare(fullTextCatchUp('vocabulary_item')!.indexNext).run([10]);
  };
  catchUp();
  expect([found('corazon'), found('hear*'), found('liver')]).toEqual([1, 1, 0]);
  driver.exec(`UPDATE vocabulary_item SET word = 'hígado', translation = 'liver' WHERE id = 'w'`);
  expect([found('corazon'), found('HIGADO'), found('liver')]).toEqual([0, 1, 1]);
  driver.exec(`UPDATE vocabulary_item SET reps = 3 WHERE id = 'w'`);
  expect(found('liver')).toBe(1);
  driver.exec(`DELETE FROM vocabulary_item WHERE id = 'w'`);
  expect(found('liver')).toBe(0);
  if (fullText === 'fts5') driver.exec(`INSERT INTO ${index} (${index}) VALUES ('integrity-check')`);
}

describe('the declaration', () => {
  it('orders tables by priority', () => {
    const priorities = syncOrder.map((name) => tables[name].priority);
    expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
    expect(new Set(syncOrder)).toEqual(new Set(Object.keys(tables)));
  });

  it('knows its own tables and columns only', () => {
    expect(tableOf('profile')).toBe(tables.profile);
    expect(tableOf('constructor')).toBeUndefined();
    expect(columnsOf('setting')).toEqual(['key', 'value']);
  });
});
