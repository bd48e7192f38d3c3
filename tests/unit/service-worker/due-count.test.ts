import { describe, expect, it } from 'vitest';
import { countDue } from '../../../src/service-worker/due-count.ts';
import { openTestDatabase } from '../../support/client-database.ts';

describe('the number of due cards', () => {
  it('is that of today’s screen: reviews, and as many new cards as today has left', async () => {
    const stored = openTestDatabase();
    const words = Array.from({ length: 25 }, (_, at) => ({ word: `palabra ${at}`, translation: '' }));
    stored.mutate('words.add', { language: 'es', words, at: stored.clock.time });
    stored.database.write((sql) => {
      sql.run('UPDATE vocabulary_item SET card_state = 2, due_at = 0 WHERE word IN (?, ?)', ['palabra 1', 'palabra 2']);
    });
    const direct = <T>(work: (store: never, database: typeof stored.database) => Promise<T>) =>
      work(undefined as never, stored.database);
    expect(await countDue(direct as never, { now: () => stored.clock.time })).toBe(22);
    await stored.close();
  });

  it.each([null, { kind: 'no-account' }, { code: 'storage_too_large' }])(
    'is not known without the file: %j',
    async (said) => {
      expect(await countDue((async () => said) as never, { now: () => 0 })).toBeNull();
    },
  );
});
