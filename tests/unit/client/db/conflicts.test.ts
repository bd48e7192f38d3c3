import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mutations } from '../../../../src/client/db/api.ts';
import { runMutation } from '../../../../src/client/db/mutations/run.ts';
import { naturalId } from '../../../../src/client/db/natural-id.ts';
import type { Row } from '../../../../src/schema/tables.ts';
import type { Value } from '../../../../src/base/value.ts';
import { openTestDatabase, type TestDatabase } from '../../../support/client-database.ts';
import { addWord } from '../../../support/add-word.ts';
import { DeviceUnderTest } from '../../../support/device-under-test.ts';
import { MemoryServer } from '../../../support/memory-server.ts';

const at = Date.UTC(2026, 10, 20, 12);
const later = at + 60_000;
const done = { ok: true, value: null };
const invalid = { ok: false, error: { code: 'invalid' } };
const wordId = naturalId('vocabulary_item', ['es', 'casa']);
let db: TestDatabase;
beforeEach(() => {
  db = openTestDatabase();
  db.mutate('words.add', { language: 'es', words: [{ word: 'casa', translation: 'house' }], at });
});
afterEach(() => db.close());

const word = () => db.query('words.whole', { id: wordId })[0];
const conflict = () => db.query('conflicts.list', { limit: 9 })[0]!;
const resolve = (choice: 'kept' | 'lost' | 'edited', value?: Value) =>
  db.mutate('conflicts.resolve', { id: 'c', choice, at: later, ...(value !== undefined && { value }) });
const reopen = (value?: Value) => db.mutate('conflicts.reopen', { id: 'c', ...(value !== undefined && { value }) });
const waiting = () => db.rows('SELECT tbl, op FROM outbox ORDER BY tbl');

/** A conflict as the server makes it: about the translation, unless told otherwise. Everything is synced before. */
function received(parts: Partial<Row<'conflict'>> = {}): void {
  const row = { ...manual, ...parts };
  const names = Object.keys(row);
  db.database.write((sql) => {
    sql.run('DELETE FROM outbox');
    sql.run('UPDATE vocabulary_item SET _seq = 3');
    sql.run(`UPDATE sync_state SET user_id = 'u', cursor = 9`);
    sql.run(
      `INSERT INTO conflict (${names.join(', ')}, _seq) VALUES (${names.map(() => '?').join(', ')}, 9)`,
      Object.values(row),
    );
  }, 'sync');
}

const manual: Row<'conflict'> = {
  id: 'c',
  table_name: 'vocabulary_item',
  row_id: wordId,
  column_name: 'translation',
  strategy: 'manual_review',
  base_value: '""',
  kept_value: '"house"',
  lost_value: '"home"',
  lost_device: 'other',
  state: 'open',
  decided_at: at,
};
/** A deletion by another device that lost against an edit. */
const deletion = { column_name: '', base_value: 'null', kept_value: '{"translation":"house"}', lost_value: 'null' };

describe('the list of conflicts', () => {
  it('says what each is about and what stands there now', () => {
    received();
    expect(conflict()).toMatchObject({ present: 1, current_value: '"house"', subject: 'casa', lost_value: '"home"' });
    db.mutate('words.edit', { id: wordId, word: 'casa', translation: 'a "house"', note: '' });
    expect(conflict().current_value).toBe('"a \\"house\\""');
    db.mutate('words.delete', { id: wordId });
    expect(conflict()).toMatchObject({ present: 0, current_value: null, subject: null });
  });

  it('has the open ones first, then the latest', () => {
    received({ id: 'old', state: 'open', decided_at: at - 5 });
    received({ id: 'new', state: 'decided' });
    received({ id: 'older', state: 'resolved', decided_at: at - 9 });
    expect(db.query('conflicts.list', { limit: 2 }).map((row) => row.id)).toEqual(['old', 'new']);
  });

  it('shows one about something that a later version knows', () => {
    received({ table_name: 'homework', column_name: 'grade' });
    expect(conflict()).toMatchObject({ present: 0, current_value: null, subject: null });
    expect(resolve('lost')).toMatchObject(invalid);
  });
});

describe('deciding about a column', () => {
  it.each([
    ['the value that stands', 'kept', undefined, 'house'],
    ['the other value', 'lost', undefined, 'home'],
    ['a value of their own', 'edited', 'casa propia', 'casa propia'],
  ] as const)('with %s writes it, as changes to be synced', (_, choice, value, stands) => {
    received();
    expect(resolve(choice, value)).toEqual(done);
    expect(word()?.translation).toBe(stands);
    expect(conflict()).toMatchObject({ state: 'resolved', decided_at: later, lost_value: '"home"' });
    const row = choice === 'kept' ? [] : [{ tbl: 'vocabulary_item', op: 'update' }];
    expect(waiting()).toEqual([{ tbl: 'conflict', op: 'update' }, ...row]);
  });

  it('is undone with the value from before, however often', () => {
    received({ state: 'decided', strategy: 'latest_timestamp' });
    resolve('lost');
    expect(reopen('house')).toEqual(done);
    expect(word()?.translation).toBe('house');
    expect(conflict().state).toBe('decided');
    db.mutate('words.edit', { id: wordId, word: 'casa', translation: 'newer', note: '' });
    expect(reopen('house')).toEqual(done);
    expect(word()?.translation).toBe('newer');
  });

  it('can be made anew without a change to the row', () => {
    received();
    resolve('lost');
    expect(reopen()).toEqual(done);
    expect(word()?.translation).toBe('home');
    expect(conflict().state).toBe('open');
  });

  it('is taken once: a second decision changes nothing', () => {
    received();
    resolve('lost');
    expect(resolve('edited', 'x')).toEqual(done);
    expect(word()?.translation).toBe('home');
  });

  it('refuses what the column cannot hold', () => {
    received();
    expect(resolve('edited', 'x'.repeat(401))).toMatchObject(invalid);
    expect(resolve('edited')).toMatchObject(invalid);
    expect(resolve('edited', 5)).toMatchObject(invalid);
    expect(conflict().state).toBe('open');
    resolve('kept');
    expect(reopen('x'.repeat(401))).toMatchObject(invalid);
  });

  it('refuses an unknown conflict and a broken one', () => {
    expect(resolve('kept')).toMatchObject(invalid);
    expect(reopen()).toMatchObject(invalid);
    received({ lost_value: '{broken', column_name: 'translation' });
    expect(resolve('lost')).toMatchObject(invalid);
  });

  it('never puts a name from the row into SQL that is not ours', () => {
    received({ column_name: 'note = note; --' });
    expect(resolve('lost')).toMatchObject(invalid);
    expect(reopen()).toEqual(done);
  });
});

describe('deciding about a deletion that lost', () => {
  it('keeps the row', () => {
    received(deletion);
    expect(resolve('kept')).toEqual(done);
    expect(word()?.translation).toBe('house');
    expect(conflict().state).toBe('resolved');
  });

  it('deletes it after all, and brings it back whole when that is undone', () => {
    received(deletion);
    const before = word();
    expect(resolve('lost')).toEqual(done);
    expect(word()).toBeUndefined();
    expect(reopen()).toEqual(done);
    expect(word()).toEqual(before);
    expect(conflict()).toMatchObject({ state: 'open', present: 1 });
  });

  it('brings it back whole too when the deletion was synced before the undo', () => {
    received(deletion);
    const before = word();
    resolve('lost');
    db.database.write((sql) => sql.run('DELETE FROM outbox'), 'sync');
    reopen();
    expect(word()).toEqual(before);
  });

  it('leaves a row alone that is there when nothing was deleted', () => {
    received(deletion);
    resolve('kept');
    db.mutate('words.delete', { id: wordId });
    reopen();
    expect(word()).toBeUndefined();
  });

  it('takes the messages along with a conversation', () => {
    db.mutate('conversations.start', { id: 'talk', title: 'Hola', language: 'es', scenario: '', at });
    db.mutate('messages.send', { id: 'm', conversationId: 'talk', author: 'learner', body: 'Hola', at });
    received({ ...deletion, table_name: 'conversation', row_id: 'talk', kept_value: '{"title":"Hola"}' });
    resolve('lost');
    expect(db.rows('SELECT id FROM message')).toEqual([]);
    expect(conflict().present).toBe(0);
  });

  it('knows no edited row', () => {
    received(deletion);
    expect(resolve('edited', 'x')).toMatchObject(invalid);
  });
});

describe('a row that was deleted meanwhile', () => {
  it('stays deleted where the deletion stands', () => {
    received({ kept_value: 'null' });
    db.mutate('words.delete', { id: wordId });
    expect(resolve('kept')).toEqual(done);
    expect(word()).toBeUndefined();
  });

  it('stays deleted when the person says so', () => {
    received();
    db.mutate('words.delete', { id: wordId });
    expect(resolve('edited', null)).toEqual(done);
    expect(word()).toBeUndefined();
    expect(conflict().state).toBe('resolved');
  });

  it('comes back whole, with the value, where its deletion still waits; undone, it goes again', () => {
    received({ kept_value: 'null' });
    const before = word();
    db.mutate('words.delete', { id: wordId });
    resolve('lost');
    expect(word()).toEqual({ ...before, translation: 'home' });
    reopen(null);
    expect(word()).toBeUndefined();
  });

  it('is not brought back where nobody knows the rest of it', () => {
    received();
    db.database.write((sql) => {
      sql.run('UPDATE vocabulary_item SET _seq = -1');
      sql.run('DELETE FROM vocabulary_item');
      sql.run('UPDATE sync_state SET cursor = 0');
    }, 'sync');
    expect(resolve('lost')).toMatchObject(invalid);
    expect(conflict().state).toBe('open');
  });

  it.each([
    ['an edit', { column_name: 'translation', lost_value: '"home"' }, 'lost', 'home'],
    [
      'the edits that the deletion lost against',
      { ...deletion, kept_value: '{"translation":"mi casa"}' },
      'kept',
      'mi casa',
    ],
  ] as const)('comes back whole from the server by %s, on every device', async (_, parts, choice, stands) => {
    const server = new MemoryServer();
    const device = (name: string) =>
      new DeviceUnderTest({ name, transport: server.transport(), now: () => server.now });
    const [a, b] = [device('a'), device('b')];
    a.write((sql) => {
      addWord(sql, { id: wordId, word: 'casa', translation: 'house', at });
      sql.run('UPDATE vocabulary_item SET reps = 7');
    });
    const row: Row<'conflict'> = { ...manual, ...parts };
    a.write((sql) =>
      sql.run(
        `INSERT INTO conflict (${Object.keys(row).join(', ')}) VALUES (${Object.keys(row)
          .map(() => '?')
          .join(', ')})`,
        Object.values(row),
      ),
    );
    await a.sync();
    await b.sync();
    server.now += 1_000;
    a.write((sql) => sql.run('DELETE FROM vocabulary_item'));
    await a.sync();
    await b.sync();
    expect(b.rows('vocabulary_item').size).toBe(0);
    server.now += 1_000;
    const args: Mutations['conflicts.resolve'] = { id: 'c', choice, at: server.now };
    expect(runMutation(b.database, { name: 'conflicts.resolve', args, newId: () => 'x' })).toEqual(done);
    expect(b.rows('vocabulary_item').get(wordId)).toMatchObject({ translation: stands });
    await b.sync();
    await a.sync();
    for (const each of [a, b]) {
      expect(each.rows('vocabulary_item').get(wordId)).toMatchObject({ word: 'casa', translation: stands, reps: 7 });
      expect(each.rows('conflict').get('c')).toMatchObject({ state: 'resolved' });
      expect(each.waiting()).toBe(0);
    }
  });
});
