import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { naturalId } from '../../../../src/client/db/natural-id.ts';
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

describe('adding words', () => {
  it('keeps each with a card that is due at once, and counts them as study', () => {
    expect(add('Haus', 'Hund')).toEqual(done);
    expect(words().map((row) => row['word'])).toEqual(['Haus', 'Hund']);
    expect(db.rows('SELECT DISTINCT due_at, created_at, card_state FROM vocabulary_item')).toEqual([
      { due_at: at, created_at: at, card_state: 0 },
    ]);
    expect(db.rows('SELECT kind, amount, language FROM study_event')).toEqual([
      { kind: 'word_added', amount: 2, language: 'de' },
    ]);
    expect(outbox()).toEqual([
      { tbl: 'study_event', op: 'insert' },
      { tbl: 'vocabulary_item', op: 'insert' },
      { tbl: 'vocabulary_item', op: 'insert' },
    ]);
  });

  it('takes spellings that differ in white space and composition for one word', () => {
    add('  schön\t gut ', 'scho\u0308n gut');
    add('schön gut');
    expect(words().map((row) => row['word'])).toEqual(['schön gut']);
  });

  it('tells letter case and languages apart', () => {
    add('essen', 'Essen');
    db.mutate('words.add', { language: 'nl', words: [{ word: 'essen', translation: '' }], at });
    expect(words()).toHaveLength(3);
  });

  it('leaves a word that is there as it is', () => {
    add('Haus');
    const [row] = words();
    db.mutate('words.edit', { id: String(row!['id']), word: 'Haus', translation: 'my own', note: 'n' });
    add('Haus', 'Hund');
    expect(words()).toEqual([
      { id: row!['id'], word: 'Haus', translation: 'my own' },
      expect.objectContaining({ word: 'Hund' }),
    ]);
  });

  it('gives the same word the same id on every device', async () => {
    add('Haus');
    const other = openTestDatabase();
    other.mutate('words.add', { language: 'de', words: [{ word: 'Haus', translation: 'else' }], at: at + 5 });
    expect(other.rows('SELECT id FROM vocabulary_item')).toEqual(db.rows('SELECT id FROM vocabulary_item'));
    await other.close();
  });

  it('takes another id where the word of that id was edited to another, and takes it again', () => {
    add('Haus');
    const id = String(words()[0]!['id']);
    db.mutate('words.edit', { id, word: 'Häuser', translation: 'houses', note: '' });
    add('Haus');
    add('Haus');
    expect(words()).toEqual([
      { id: naturalId('vocabulary_item', ['de', 'Haus', '2']), word: 'Haus', translation: '(Haus)' },
      { id, word: 'Häuser', translation: 'houses' },
    ]);
  });

  it('brings a deleted word back under its id', () => {
    add('Haus');
    const before = words();
    db.mutate('words.delete', { id: String(before[0]!['id']) });
    expect(words()).toEqual([]);
    add('Haus');
    expect(words()).toEqual(before);
  });

  it.each([
    ['an empty word', { word: '  ', translation: 'x' }, 'vocabulary_item.word must have at least 1 characters'],
    [
      'a long word',
      { word: 'x'.repeat(201), translation: 'x' },
      'vocabulary_item.word must have at most 200 characters',
    ],
    ['half a surrogate pair', { word: 'x\ud83d', translation: '' }, 'vocabulary_item.word must be well-formed Unicode'],
    ['a long note', { word: 'x', translation: '', note: 'n'.repeat(1_001) }, 'vocabulary_item.note must have at most'],
  ])('refuses %s and adds nothing of the rest', (_, word, detail) => {
    const outcome = db.mutate('words.add', { language: 'de', words: [{ word: 'gut', translation: '' }, word], at });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'invalid', detail: expect.stringContaining(detail) as string },
    });
    expect(words()).toEqual([]);
    expect(outbox()).toEqual([]);
  });

  it('refuses an impossible language', () => {
    const outcome = db.mutate('words.add', { language: 'x', words: [{ word: 'a', translation: '' }], at });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });
});

describe('restoring a deleted word', () => {
  const whole = () => db.query('words.whole', { id: naturalId('vocabulary_item', ['de', 'Haus']) })[0]!;

  it('brings back its card and note too, as if it had never been deleted', () => {
    add('Haus');
    const { id } = whole();
    db.mutate('words.edit', { id, word: 'Haus', translation: 'house', note: 'das' });
    db.mutate('reviews.grade', { reviewId: 'r', wordId: id, rating: 3, at: at + 5, duration: 1 });
    const row = whole();
    expect(row).toMatchObject({ reps: 1, note: 'das', last_review_at: at + 5 });
    db.mutate('words.delete', { id });
    expect(db.mutate('words.restore', { row })).toEqual(done);
    expect(whole()).toEqual(row);
    expect(db.rows(`SELECT op FROM outbox WHERE id = ?`, [id])).toEqual([{ op: 'insert' }]);
  });

  it('leaves a word that was added again meanwhile as it is', () => {
    add('Haus');
    const row = { ...whole(), translation: 'old' };
    db.mutate('words.restore', { row });
    expect(whole().translation).toBe('(Haus)');
  });

  it('refuses a row with a column missing or misfit', () => {
    add('Haus');
    const { note: _, ...rest } = whole();
    db.mutate('words.delete', { id: rest.id });
    expect(db.mutate('words.restore', { row: rest as never })).toMatchObject({
      error: { code: 'invalid', detail: 'vocabulary_item.note is missing' },
    });
    expect(db.mutate('words.restore', { row: { ...rest, note: '', card_state: 9 } })).toMatchObject({
      error: { code: 'invalid' },
    });
    expect(words()).toEqual([]);
  });
});

describe('editing a word', () => {
  it('keeps its id and marks only what changed', () => {
    add('Haus');
    const id = String(words()[0]!['id']);
    db.database.write((sql) => {
      sql.run('UPDATE vocabulary_item SET _seq = 5');
      sql.run('DELETE FROM outbox');
    }, 'sync');
    expect(db.mutate('words.edit', { id, word: ' Haus ', translation: 'home', note: '' })).toEqual(done);
    const [dirty] = db.rows('SELECT op, base, base_seq FROM outbox');
    expect(dirty).toMatchObject({ op: 'update', base_seq: 5 });
    expect(JSON.parse(String(dirty!['base']))).toEqual({ translation: [5, '(Haus)'] });
  });

  it('says that the word is gone', () => {
    expect(db.mutate('words.edit', { id: 'none', word: 'a', translation: '', note: '' })).toMatchObject({
      ok: false,
      error: { code: 'invalid' },
    });
  });
});

describe('grading a card', () => {
  const grade = (reviewId: string, rating: 1 | 2 | 3 | 4 = 3) =>
    db.mutate('reviews.grade', {
      reviewId,
      wordId: String(words()[0]!['id']),
      rating,
      at: at + 1_000,
      duration: 1_234.4,
    });

  it('schedules it, keeps the review and counts it', () => {
    add('Haus');
    expect(grade('r1')).toEqual(done);
    const [card] = db.rows('SELECT due_at, reps, card_state, last_review_at, stability FROM vocabulary_item');
    expect(card).toMatchObject({ reps: 1, card_state: 1, last_review_at: at + 1_000 });
    expect(card!['due_at']).toBeGreaterThan(at + 1_000);
    expect(card!['stability']).toBeGreaterThan(0);
    expect(db.rows('SELECT id, rating, card_state, duration FROM review')).toEqual([
      { id: 'r1', rating: 3, card_state: 0, duration: 1_234 },
    ]);
    expect(db.rows(`SELECT amount FROM study_event WHERE kind = 'card_reviewed'`)).toEqual([{ amount: 1 }]);
  });

  it('comes back as the preview said', () => {
    add('Haus');
    const [due] = db.query('reviews.due', { now: at + 1_000, dayStart: at, newCards: null, limit: 5 });
    grade('r1', 4);
    expect(db.rows('SELECT due_at FROM vocabulary_item')).toEqual([{ due_at: due!.next[3] }]);
  });

  it('refuses a word that is gone and an impossible rating', () => {
    expect(db.mutate('reviews.grade', { reviewId: 'r', wordId: 'none', rating: 3, at, duration: 0 })).toMatchObject({
      ok: false,
      error: { code: 'invalid' },
    });
    add('Haus');
    expect(grade('r1', 7 as 4)).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(db.rows('SELECT 1 FROM review')).toEqual([]);
  });
});

describe('conversations', () => {
  beforeEach(() => {
    db.mutate('conversations.start', { id: 'c1', title: 'At the market', language: 'de', scenario: '', at });
  });

  it('hold messages, and the learner’s count as study', () => {
    db.mutate('messages.send', { id: 'm1', conversationId: 'c1', author: 'learner', body: 'Guten Tag', at });
    db.mutate('messages.send', { id: 'm2', conversationId: 'c1', author: 'tutor', body: 'Hallo', at: at + 1 });
    expect(db.query('messages.list', { conversationId: 'c1' }).map((row) => row.body)).toEqual(['Guten Tag', 'Hallo']);
    expect(db.rows('SELECT kind, language FROM study_event')).toEqual([{ kind: 'message_sent', language: 'de' }]);
  });

  it('go with their messages', () => {
    db.mutate('messages.send', { id: 'm1', conversationId: 'c1', author: 'learner', body: 'Guten Tag', at });
    db.mutate('conversations.delete', { id: 'c1' });
    expect(db.rows('SELECT id FROM message UNION ALL SELECT id FROM conversation')).toEqual([]);
  });

  it('refuse a message to none, and an empty one', () => {
    const message = { id: 'm', author: 'learner', at } as const;
    expect(db.mutate('messages.send', { ...message, conversationId: 'none', body: 'x' }).ok).toBe(false);
    expect(db.mutate('messages.send', { ...message, conversationId: 'c1', body: '' }).ok).toBe(false);
    expect(db.mutate('messages.send', { ...message, id: 'no spaces', conversationId: 'c1', body: 'x' }).ok).toBe(false);
  });

  it('are renamed', () => {
    expect(db.mutate('conversations.rename', { id: 'c1', title: ' Shopping ' })).toEqual(done);
    expect(db.rows('SELECT title FROM conversation')).toEqual([{ title: 'Shopping' }]);
    expect(db.mutate('conversations.rename', { id: 'c1', title: ' ' }).ok).toBe(false);
    expect(db.mutate('conversations.rename', { id: 'none', title: 'x' }).ok).toBe(false);
  });
});

describe('texts', () => {
  const contentHash = createHash('sha256').update('Es war einmal').digest('hex');
  const text = { title: 'Tale', language: 'de', content: 'Es war einmal', contentHash, source: '', at };

  it('are kept once, by their content', () => {
    db.mutate('documents.add', text);
    db.mutate('documents.add', { ...text, title: 'Again' });
    expect(db.rows('SELECT title, position FROM document')).toEqual([{ title: 'Tale', position: 0 }]);
  });

  it('remember where the reader stopped, and are deleted', () => {
    db.mutate('documents.add', text);
    const id = String(db.rows('SELECT id FROM document')[0]!['id']);
    expect(db.mutate('documents.move', { id, position: 3 })).toEqual(done);
    expect(db.query('documents.get', { id })[0]).toMatchObject({ position: 3, content: 'Es war einmal' });
    expect(db.mutate('documents.move', { id, position: -1 }).ok).toBe(false);
    expect(db.mutate('documents.move', { id: 'none', position: 1 }).ok).toBe(false);
    db.mutate('documents.delete', { id });
    expect(db.query('documents.list', {})).toEqual([]);
  });

  it('refuse a hash that is none', () => {
    expect(db.mutate('documents.add', { ...text, contentHash: 'short' }).ok).toBe(false);
  });
});

describe('profile and settings', () => {
  const profile = { displayName: ' Ann ', nativeLanguage: 'en', targetLanguage: 'de' };

  it('has one profile, whose first day stays', () => {
    db.mutate('profile.save', { ...profile, at });
    db.mutate('profile.save', { ...profile, targetLanguage: 'fr', at: at + 9 });
    expect(db.query('profile.get', {})).toEqual([
      expect.objectContaining({ display_name: 'Ann', target_language: 'fr', created_at: at }),
    ]);
    expect(db.mutate('profile.save', { ...profile, nativeLanguage: '', at }).ok).toBe(false);
  });

  it('keeps a value a key', () => {
    db.mutate('settings.put', { key: 'theme', value: '"dark"' });
    db.mutate('settings.put', { key: 'theme', value: '"light"' });
    expect(db.query('settings.all', {})).toEqual([expect.objectContaining({ key: 'theme', value: '"light"' })]);
    expect(db.mutate('settings.put', { key: '', value: '1' }).ok).toBe(false);
  });
});

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
      sql.run(`UPDATE sync_state SET cursor = 7, known = 9, epoch = 'e1', reload = 'away', notice = 'away'`);
    }, 'sync');
    db.mutate('account.detach', { rows });
    expect(db.rows('SELECT tbl FROM held_row UNION ALL SELECT tbl FROM unconfirmed_row')).toEqual([]);
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

it('a notice is dismissed by the person, and one that came since stays', () => {
  const notices = () => db.query('sync.status', {}).map(({ notice }) => notice);
  db.database.write((sql) => sql.run(`UPDATE sync_state SET notice = 'away'`));
  expect(db.mutate('sync.dismiss', { notice: 'copied' })).toEqual(done);
  expect(notices()).toEqual(['away']);
  expect(db.mutate('sync.dismiss', { notice: 'away' })).toEqual(done);
  expect(notices()).toEqual([null]);
});

it('a refused change is discarded by the person', () => {
  db.database.write((sql) => {
    sql.run(`INSERT INTO rejected_change VALUES ('setting', 's1', 'insert', 'invalid_value', 'key', '{}', 1)`);
  });
  expect(db.query('sync.rejected', {})).toHaveLength(1);
  db.mutate('rejected.discard', { tableName: 'setting', rowId: 's1' });
  expect(db.query('sync.rejected', {})).toEqual([]);
});

describe('reading', () => {
  const read = (readingId: string, minutes: number) =>
    db.mutate('documents.read', { readingId, language: 'de', minutes, at });

  it('counts as study, a stretch of it once', () => {
    expect(read('r1', 3)).toEqual(done);
    expect(read('r1', 3)).toEqual(done);
    expect(read('r2', 1)).toEqual(done);
    expect(db.rows('SELECT kind, amount, language, happened_at FROM study_event ORDER BY amount')).toEqual([
      { kind: 'text_read', amount: 1, language: 'de', happened_at: at },
      { kind: 'text_read', amount: 3, language: 'de', happened_at: at },
    ]);
    expect(db.query('summary.get', { now: at, dayStart: at - 1 })[0]).toMatchObject({ streak: 1, reviewed_today: 0 });
  });

  it.each([0, 1.5, -1, 2_000_000_000])('refuses %d minutes', (minutes) => {
    expect(read('r', minutes)).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });
});
