/** What happens to the rows of a device when it is bound to an account, and when that is left. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../support/client-database.ts';

const at = Date.UTC(2026, 10, 20, 12);
let db: TestDatabase;
beforeEach(() => {
  db = openTestDatabase();
});
afterEach(() => db.close());

const add = (...words: string[]) =>
  db.mutate('words.add', { language: 'de', words: words.map((word) => ({ word, translation: `(${word})` })), at });
const words = () => db.rows('SELECT id, word, translation FROM vocabulary_item ORDER BY word');
const outbox = () => db.rows('SELECT tbl, op FROM outbox ORDER BY tbl, op');
const done = { ok: true, value: null };

describe('the account', () => {
  const state = () => db.rows('SELECT device, user_id, user_name, cursor, last_error FROM sync_state')[0]!;

  it('takes over what was made before signing up', () => {
    add('Haus');
    expect(db.mutate('account.attach', { userId: 'u1', name: 'Ann' })).toEqual(done);
    expect(state()).toMatchObject({ user_id: 'u1', user_name: 'Ann' });
    expect(outbox()).toHaveLength(2);
  });

  it('is not another’s', () => {
    db.mutate('account.attach', { userId: 'u1', name: 'Ann' });
    expect(db.mutate('account.attach', { userId: 'u2', name: 'Bob' })).toMatchObject({
      ok: false,
      error: { code: 'wrong_account' },
    });
    expect(state()).toMatchObject({ user_id: 'u1' });
  });

  it('stays bound when its rows are kept', () => {
    add('Haus');
    db.mutate('account.attach', { userId: 'u1', name: 'Ann' });
    db.mutate('account.detach', { rows: 'keep' });
    expect(words()).toHaveLength(1);
    expect(state()).toMatchObject({ user_id: 'u1', last_error: 'signed_out' });
    expect(db.mutate('account.attach', { userId: 'u2', name: 'Bob' }).ok).toBe(false);
    expect(db.mutate('account.attach', { userId: 'u1', name: 'Ann' })).toEqual(done);
    expect(state()).toMatchObject({ last_error: null });
  });

  it('releases its rows, to be sent whole to whichever account comes', () => {
    add('Haus', 'Hund');
    db.mutate('account.attach', { userId: 'u1', name: 'Ann' });
    const { device } = state();
    db.database.write((sql) => {
      sql.run(`UPDATE vocabulary_item SET _seq = 4`);
      sql.run(`DELETE FROM outbox`);
      sql.run(`UPDATE vocabulary_item SET note = 'new' WHERE word = 'Haus'`);
      sql.run(`DELETE FROM vocabulary_item WHERE word = 'Hund'`);
    });
    db.mutate('account.detach', { rows: 'release' });
    expect(db.rows('SELECT op, base, base_seq FROM outbox')).toEqual([
      { op: 'insert', base: null, base_seq: 0 },
      { op: 'insert', base: null, base_seq: 0 },
    ]);
    expect(db.rows('SELECT word, note, _seq FROM vocabulary_item')).toEqual([{ word: 'Haus', note: 'new', _seq: 0 }]);
    expect(state()['device']).not.toBe(device);
    expect(state()).toMatchObject({ user_id: null, last_error: null });
    const before = db.contents();
    db.mutate('account.detach', { rows: 'release' });
    expect(db.contents()).toEqual(before);
    expect(db.mutate('account.attach', { userId: 'u2', name: 'Bob' })).toEqual(done);
  });

  it('releases a row that was edited since it was added as one write: the answer to it leaves no edit behind', () => {
    add('Haus');
    db.clock.time += 1_000;
    db.database.write((sql) => sql.run(`UPDATE vocabulary_item SET note = 'new'`));
    db.mutate('account.attach', { userId: 'u1', name: 'Ann' });
    db.mutate('account.detach', { rows: 'release' });
    expect(db.rows(`SELECT op, stamp = since AS isOne, stamps FROM outbox WHERE tbl = 'vocabulary_item'`)).toEqual([
      { op: 'insert', isOne: 1, stamps: null },
    ]);
  });

  it.each(['remove', 'release'] as const)('has nothing of its history left once its rows were to %s', (rows) => {
    db.mutate('account.attach', { userId: 'u1', name: 'Ann' });
    db.database.write((sql) => {
      sql.run(`INSERT INTO held_row VALUES ('setting', 's1', 7, '{"key":"theme","value":"1"}', 'refused')`);
      sql.run(`INSERT INTO unconfirmed_row VALUES ('setting', 's2')`);
      sql.run(`INSERT INTO answered_edit VALUES ('setting', 's3', 'value', 'update', 5, 1, NULL)`);
      sql.run(`UPDATE sync_state SET cursor = 7, known = 9, epoch = 'e1', reload = 'away', notice = 'away'`);
    }, 'sync');
    db.mutate('account.detach', { rows });
    for (const table of ['held_row', 'unconfirmed_row', 'answered_edit']) {
      expect(db.rows(`SELECT tbl FROM ${table}`)).toEqual([]);
    }
    expect(db.rows('SELECT cursor, known, epoch, reload, notice FROM sync_state')).toEqual([
      { cursor: 0, known: 0, epoch: '', reload: null, notice: null },
    ]);
  });

  it('leaves nothing behind when its rows are removed: no row, no outbox entry, no device of old', () => {
    add('Haus');
    db.mutate('account.attach', { userId: 'u1', name: 'Ann' });
    const { device } = state();
    db.mutate('account.detach', { rows: 'remove' });
    const { state: kept, ...contents } = db.contents();
    expect(Object.values(contents).flat()).toEqual([]);
    expect(kept).toEqual([expect.objectContaining({ user_id: null, cursor: 0 })]);
    expect(state()['device']).not.toBe(device);
    expect(db.query('words.count', { search: 'haus' })).toEqual([{ total: 0 }]);
    expect(db.mutate('account.attach', { userId: 'u2', name: 'Bob' })).toEqual(done);
  });
});
