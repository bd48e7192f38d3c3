/** What the app writes of words and their cards. */
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
