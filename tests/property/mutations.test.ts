/** A request may be run twice when the database passes from one tab to another: that has to be the same as once. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Value } from '../../src/base/value.ts';
import type { MutationName, Mutations } from '../../src/client/db/api.ts';
import type { Row } from '../../src/schema/tables.ts';
import { naturalId } from '../../src/client/db/natural-id.ts';
import { openTestDatabase, type TestDatabase } from '../support/client-database.ts';

type Call = { [M in MutationName]: readonly [M, Mutations[M]] }[MutationName];

const word = fc.constantFrom('Haus', 'Hund', ' Hund', 'Katze', 'Ofen');
const wordId = fc
  .constantFrom('Haus', 'Hund', 'Katze', 'Ofen')
  .map((text) => naturalId('vocabulary_item', ['de', text]));
const documentId = fc.constantFrom('a', 'b').map((text) => naturalId('document', [text.repeat(64)]));
const chosen: fc.Arbitrary<Value> = fc.option(word);
const id = fc.constantFrom('one', 'two', 'three');
const at = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 });
const call = <M extends MutationName>(name: M, args: fc.Arbitrary<Mutations[M]>): fc.Arbitrary<Call> =>
  args.map((value) => [name, value] as unknown as Call);

const wordRow = (known: { id: string; word: string; reps: number; at: number }): Row<'vocabulary_item'> => ({
  id: known.id,
  language: 'de',
  word: known.word,
  translation: '',
  note: '',
  created_at: known.at,
  due_at: known.at,
  stability: 1.5,
  difficulty: 5,
  scheduled_days: 1,
  learning_steps: 0,
  reps: known.reps,
  lapses: 0,
  card_state: 2,
  last_review_at: known.at,
});

const anyCall: fc.Arbitrary<Call> = fc.oneof(
  call(
    'profile.save',
    fc.record({ displayName: word, nativeLanguage: fc.constant('en'), targetLanguage: fc.constant('de'), at }),
  ),
  call('settings.put', fc.record({ key: id, value: word })),
  call(
    'words.add',
    fc.record({ language: fc.constant('de'), words: fc.array(fc.record({ word, translation: word })), at }),
  ),
  call('words.edit', fc.record({ id: wordId, word, translation: word, note: word })),
  call('words.delete', fc.record({ id: wordId })),
  call('words.restore', fc.record({ row: fc.record({ id: wordId, word, reps: fc.nat(9), at }).map(wordRow) })),
  call(
    'reviews.grade',
    fc.record({ reviewId: id, wordId, rating: fc.constantFrom(1, 2, 3, 4), at, duration: fc.nat(9_000) }),
  ),
  call(
    'conversations.start',
    fc.record({ id, title: word, language: fc.constant('de'), scenario: fc.constant(''), at }),
  ),
  call('conversations.rename', fc.record({ id, title: word })),
  call('conversations.delete', fc.record({ id })),
  call(
    'messages.send',
    fc.record({ id, conversationId: id, author: fc.constantFrom('learner', 'tutor'), body: word, at }),
  ),
  call(
    'documents.add',
    fc.record({
      title: word,
      language: fc.constant('de'),
      content: word,
      contentHash: fc.constantFrom('a', 'b').map((c) => c.repeat(64)),
      source: word,
      at,
    }),
  ),
  call('documents.move', fc.record({ id: documentId, position: fc.nat(20) })),
  call('documents.delete', fc.record({ id: documentId })),
  call('documents.read', fc.record({ readingId: id, language: fc.constant('de'), minutes: fc.nat(3), at })),
  call(
    'conflicts.resolve',
    fc.record<Mutations['conflicts.resolve']>({
      id,
      choice: fc.constantFrom('kept', 'lost', 'edited'),
      value: chosen,
      at,
    }),
  ),
  call('conflicts.reopen', fc.record<Mutations['conflicts.reopen']>({ id, value: chosen })),
  call('conflicts.reopen', fc.record({ id })),
  call('account.attach', fc.record({ userId: fc.constantFrom('u1', 'u2'), name: word })),
  call('account.detach', fc.record({ rows: fc.constantFrom('keep', 'remove') })),
  call('rejected.discard', fc.record({ tableName: fc.constant('setting'), rowId: id })),
);

it('every mutation run twice changes what it changes run once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { minLength: 1, maxLength: 25 }), async (calls) => {
      const once = openTestDatabase();
      const twice = openTestDatabase();
      for (const db of [once, twice]) receiveConflicts(db);
      for (const [name, args] of calls) {
        once.mutate(name, args);
        twice.mutate(name, args);
        twice.mutate(name, args);
      }
      expect(twice.contents()).toEqual(once.contents());
      await once.close();
      await twice.close();
    }),
    { numRuns: 60 },
  );
});

/** One of each kind, with words and conversations for them to be about. */
function receiveConflicts(db: TestDatabase): void {
  const haus = naturalId('vocabulary_item', ['de', 'Haus']);
  const rows: [id: string, table: string, row: string, column: string, kept: string, lost: string][] = [
    ['one', 'vocabulary_item', haus, 'translation', '"kept"', '"lost"'],
    ['two', 'vocabulary_item', haus, '', '{"translation":"kept"}', 'null'],
    ['three', 'conversation', 'one', 'title', 'null', '"lost"'],
  ];
  db.mutate('words.add', { language: 'de', words: [{ word: 'Haus', translation: 'house' }], at: 1_700_000_000_000 });
  db.database.write((sql) => {
    sql.run('UPDATE sync_state SET cursor = 9');
    for (const row of rows) {
      sql.run(
        `INSERT INTO conflict (id, table_name, row_id, column_name, kept_value, lost_value, base_value, strategy, lost_device, state, decided_at, _seq)
VALUES (?, ?, ?, ?, ?, ?, 'null', 'manual_review', 'other', 'open', 1, 9)`,
        row,
      );
    }
  }, 'sync');
}
