/** What the app writes apart from words and the account: conversations, texts, profile, settings, reading. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../support/client-database.ts';

const at = Date.UTC(2026, 10, 20, 12);
let db: TestDatabase;
beforeEach(() => {
  db = openTestDatabase();
});
afterEach(() => db.close());

const done = { ok: true, value: null };

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
