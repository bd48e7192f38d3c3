import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { naturalId } from '../../../../src/client/db/natural-id.ts';
import { planQuery, tablesRead } from '../../../../src/client/db/queries.ts';
import { syncOrder } from '../../../../src/schema/tables.ts';
import { openTestDatabase, type TestDatabase } from '../../../support/client-database.ts';

const at = Date.UTC(2026, 10, 20, 12);
const day = 86_400_000;
let db: TestDatabase;
beforeEach(() => {
  db = openTestDatabase();
});
afterEach(() => db.close());

const add = (word: string, translation = '', time = at) =>
  db.mutate('words.add', { language: 'de', words: [{ word, translation }], at: time });
const found = (search: string) => db.query('words.list', { search, limit: 50, offset: 0 }).map((row) => row.word);

describe('the list of words', () => {
  it('has the newest first', () => {
    add('eins', '', at);
    add('drei', '', at + 2);
    add('zwei', '', at + 1);
    expect(found('')).toEqual(['drei', 'zwei', 'eins']);
    expect(db.query('words.list', { search: ' ', limit: 1, offset: 1 }).map((row) => row.word)).toEqual(['zwei']);
  });

  it.each([
    ['the beginning of a word', 'hau', ['Haus', 'Hausboot']],
    ['capitals', 'HAUS', ['Haus', 'Hausboot']],
    ['no accents where the word has them', 'ubung', ['Übung']],
    ['accents where the word has none', 'hàus', ['Haus', 'Hausboot']],
    ['accents as two code points', 'u\u0308bung', ['Übung']],
    ['a dotted capital', 'İST', ['İstanbul']],
    ['the beginning of a translation', 'exerc', ['Übung']],
    ['several beginnings, in any order', 'boot haus', ['Haus ohne Boot']],
    ['words with punctuation between', 'ohne-haus!', ['Haus ohne Boot']],
    ['what full text takes for an operator', 'haus OR boot', []],
    ['a quotation mark', '"haus', ['Haus', 'Hausboot']],
    ['only punctuation', '*', []],
    ['the middle of a word', 'aus', []],
    ['Chinese, inside the text', '学', ['大学']],
    ['a pattern of LIKE', '%', []],
  ])('finds %s', (_, search, expected) => {
    add('Hausboot', 'houseboat');
    add('Haus', 'house');
    add('Übung', 'exercise');
    add('大学', 'university');
    add('İstanbul');
    if (search.includes('-') || search.includes('oot')) add('Haus ohne Boot');
    expect(found(search)).toEqual(expected);
    expect(db.query('words.count', { search })).toEqual([{ total: expected.length }]);
  });

  it('puts words that begin so before those that mean so, and the shortest first', () => {
    add('Laden', 'haus in English');
    add('Hausboot');
    add('Haus');
    add('Häuschen');
    expect(found('haus')).toEqual(['Haus', 'Hausboot', 'Häuschen', 'Laden']);
  });

  it('takes any text for a search', () => {
    add('Haus');
    for (let code = 1; code < 0x3100; code++) {
      const search = `a${String.fromCodePoint(code)}b`;
      expect(() => found(search), `U+${code.toString(16)}`).not.toThrow();
    }
  });
});

describe('the summary', () => {
  const summary = (now = at, dayStart = at - day / 2) => db.query('summary.get', { now, dayStart })[0]!;

  it('is of zeros at first', () => {
    expect(summary()).toEqual({
      words: 0,
      due: 0,
      new_waiting: 0,
      conversations: 0,
      documents: 0,
      reviewed_today: 0,
      added_today: 0,
      streak: 0,
    });
  });

  it('counts what is there, what is due and what was done today', () => {
    db.mutate('words.add', { language: 'de', words: ['a', 'b', 'c'].map((word) => ({ word, translation: '' })), at });
    add('old', '', at - day);
    const [card] = db.query('reviews.due', { now: at, dayStart: at - day / 2, newCards: null, limit: 1 });
    db.mutate('reviews.grade', { reviewId: 'r', wordId: card!.id, rating: 4, at, duration: 0 });
    expect(summary()).toMatchObject({ words: 4, due: 3, reviewed_today: 1, added_today: 3, streak: 2 });
  });

  it.each([
    ['today alone', [0], 1],
    ['today and the two days before', [0, 1, 2], 3],
    ['yesterday and the day before', [1, 2], 2],
    ['the day before yesterday', [2, 3], 0],
    ['today, with a gap', [0, 2, 3], 1],
  ])('has the streak of %s', (_, daysAgo, streak) => {
    for (const ago of daysAgo) add(`w${String(ago)}`, '', at - ago * day);
    expect(summary().streak).toBe(streak);
  });
});

describe('due cards', () => {
  it('come the longest overdue first, with when each answer would bring them back', () => {
    add('later', '', at + 5);
    add('second', '', at - 1);
    add('first', '', at - 2);
    const due = db.query('reviews.due', { now: at, dayStart: at - day / 2, newCards: null, limit: 5 });
    expect(due.map((row) => row.word)).toEqual(['first', 'second']);
    const [again, hard, good, easy] = due[0]!.next;
    expect(again).toBeGreaterThan(at);
    expect([again, hard, good, easy]).toEqual([again, hard, good, easy].toSorted((a, b) => a - b));
    expect(Object.keys(due[0]!)).not.toContain('stability');
  });
});

describe('new cards', () => {
  const dayStart = at - day / 2;
  const due = (newCards: number | null = null, now = at) =>
    db.query('reviews.due', { now, dayStart, newCards, limit: 50 }).map((row) => row.word);
  const figures = (start = dayStart, now = at) => db.query('summary.get', { now, dayStart: start })[0]!;
  const words = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ word: `w${String(index).padStart(2, '0')}`, translation: '' }));
  const grade = (word: string, time: number) => {
    const wordId = naturalId('vocabulary_item', ['de', word]);
    db.mutate('reviews.grade', { reviewId: `${word}-${time}`, wordId, rating: 4, at: time, duration: 0 });
  };
  const perDay = (value: string) => db.mutate('settings.put', { key: 'new_cards_per_day', value });
  beforeEach(() => db.mutate('words.add', { language: 'de', words: words(30), at }));

  it('come 20 a day at most where nothing else is set, the rest waits', () => {
    expect(due()).toHaveLength(20);
    expect(due()[0]).toBe('w00');
    expect(figures()).toMatchObject({ words: 30, due: 20, new_waiting: 10 });
  });

  it('that are due only later do not wait yet, and those that were seen no more', () => {
    perDay('3');
    add('tomorrow', '', at + day);
    grade('w00', dayStart - 1);
    expect(figures()).toMatchObject({ words: 31, due: 3, new_waiting: 26 });
    expect(figures(dayStart, at + day)).toMatchObject({ new_waiting: 27 });
  });

  it('count against the day they were first seen on, not against the next one', () => {
    perDay('3');
    grade('w00', at - 1);
    grade('w01', dayStart - 1);
    expect(due()).toEqual(['w02', 'w03']);
    expect(figures()).toMatchObject({ due: 2, new_waiting: 26 });
    expect(figures(at + 1)).toMatchObject({ due: 3, new_waiting: 25 });
  });

  it('leave reviews alone, which come first', () => {
    perDay('1');
    grade('w07', at - 60 * day);
    expect(due()).toEqual(['w07', 'w00']);
    expect(figures()).toMatchObject({ due: 2, new_waiting: 28 });
  });

  it('come beyond the number of the day when they are asked for', () => {
    perDay('0');
    expect(due()).toEqual([]);
    expect(due(2)).toEqual(['w00', 'w01']);
    expect(figures()).toMatchObject({ due: 0, new_waiting: 30 });
  });

  it('are counted once when two devices introduced the same one', () => {
    perDay('2');
    grade('w00', at - 2);
    const [first] = db.rows('SELECT vocabulary_item_id AS word FROM review');
    db.database.write(
      (sql) =>
        sql.run(
          `INSERT INTO review (id, vocabulary_item_id, rating, card_state, reviewed_at, _seq) VALUES ('b', ?, 3, 0, ?, 9)`,
          [String(first!['word']), at - 1],
        ),
      'sync',
    );
    expect(due()).toEqual(['w01']);
  });

  it.each(['"many"', '-5', '', '2.5', 'null'])('come 20 a day when %j is stored', (value) => {
    perDay(value);
    expect(due()).toHaveLength(20);
  });
});

describe('conversations', () => {
  it('come the latest used first, with their last message', () => {
    const start = (id: string, time: number) =>
      db.mutate('conversations.start', { id, title: id, language: 'de', scenario: '', at: time });
    start('c1', at);
    start('c2', at + 1);
    db.mutate('messages.send', { id: 'm1', conversationId: 'c1', author: 'learner', body: 'one', at: at + 2 });
    db.mutate('messages.send', { id: 'm2', conversationId: 'c1', author: 'tutor', body: 'two', at: at + 3 });
    expect(db.query('conversations.list', {})).toEqual([
      expect.objectContaining({ id: 'c1', messages: 2, last_body: 'two', last_at: at + 3 }),
      expect.objectContaining({ id: 'c2', messages: 0, last_body: null, last_at: null }),
    ]);
    expect(db.query('conversations.get', { id: 'c2' })).toHaveLength(1);
  });
});

it('the sync status counts what waits', () => {
  db.mutate('settings.put', { key: 'k', value: '1' });
  expect(db.query('sync.status', {})[0]).toMatchObject({
    ...{ waiting: 1, rejected: 0, user_id: null, last_sync_at: null },
    ...{ cursor: 0, known: 0 },
  });
  expect(db.query('sync.waiting', {})).toEqual([{ table_name: 'setting', waiting: 1 }]);
  expect(db.query('sync.runs', { limit: 5 })).toEqual([]);
  expect(db.query('conflicts.list', { limit: 5 })).toEqual([]);
});

describe('the statistics of syncing', () => {
  const run = (startedAt: number, duration: number, error: string | null = null) =>
    db.database.write(
      (sql) =>
        sql.run(
          `INSERT INTO sync_run (direction, started_at, finished_at, processed, succeeded, failed, conflicts, bytes_sent, bytes_received, error, tables)
VALUES ('both', ?, ?, 10, 9, 1, 2, 0, 0, ?, '{}')`,
          [startedAt, startedAt + duration, error],
        ),
      'sync',
    );
  const since = (time: number) => db.query('sync.statistics', { since: time })[0];

  it('are of nothing at first', () => {
    expect(since(0)).toEqual({
      runs: 0,
      successes: 0,
      failures: 0,
      rows: 0,
      conflicts: 0,
      average_duration: null,
      p95_duration: null,
      last_success_at: null,
    });
  });

  it('count the runs since a time, how they ended and what they moved', () => {
    run(at - 8 * day, 9_000);
    run(at - day, 100);
    run(at - 1_000, 300);
    run(at, 500, 'offline');
    expect(since(at - 7 * day)).toEqual({
      runs: 3,
      successes: 2,
      failures: 1,
      rows: 30,
      conflicts: 6,
      average_duration: 300,
      p95_duration: 500,
      last_success_at: at - 700,
    });
    expect(since(at - 30 * day)).toMatchObject({ runs: 4, p95_duration: 9_000 });
    expect(since(at)).toMatchObject({ runs: 1, successes: 0, last_success_at: null });
  });

  it('have the duration that 95 in 100 runs do not exceed', () => {
    for (let index = 100; index > 0; index--) run(at + index, index);
    expect(since(at)).toMatchObject({ runs: 100, p95_duration: 95, average_duration: 50.5 });
  });
});

it('a query knows the tables it reads, full text counting as its table', () => {
  const tables = (...args: Parameters<typeof planQuery>) => [...tablesRead(planQuery(...args).sql)];
  expect(tables('words.list', { search: 'x', limit: 1, offset: 0 })).toEqual(['vocabulary_item']);
  expect(tables('conversations.list', {})).toEqual(['message', 'conversation']);
  expect(tables('summary.get', { now: 0, dayStart: 0 })).toEqual(
    expect.arrayContaining(['study_event', 'vocabulary_item', 'conversation', 'document']),
  );
  expect(tables('sync.status', {})).toEqual(
    expect.arrayContaining(['outbox', 'rejected_change', 'conflict', 'sync_state']),
  );
  expect(tables('reviews.due', { now: 0, dayStart: 0, newCards: null, limit: 1 })).toEqual(
    expect.arrayContaining(['vocabulary_item', 'review', 'setting']),
  );
  expect(tables('conflicts.list', { limit: 1 })).toEqual(expect.arrayContaining(['conflict', ...syncOrder]));
  expect(tables('sync.statistics', { since: 0 })).toContain('sync_run');
});
