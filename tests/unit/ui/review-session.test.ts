import { describe, expect, it } from 'vitest';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';
import { ReviewSession } from '../../../src/ui/state/review-session.svelte.ts';

const start = Date.UTC(2026, 10, 23, 9);
const minute = 60_000;

describe('a sitting of reviews', () => {
  it('shows the first due card, its answer only when asked', async () => {
    const { session } = await sitting(['uno', 'dos']);
    expect(session.phase).toBe('question');
    expect(session.card?.word).toBe('uno');
    session.reveal();
    expect(session.phase).toBe('answer');
    expect(session.total).toBe(2);
  });

  it('takes no answer before the card was revealed', async () => {
    const { session, database } = await sitting(['uno']);
    await session.grade(3);
    expect(database.asked).not.toContain('reviews.grade');
    expect(session.answered).toBe(0);
  });

  it('goes on to the next card once the answer is kept, with the time it took', async () => {
    const { session, database, clock } = await sitting(['uno', 'dos']);
    clock.at += 4_000;
    session.reveal();
    await session.grade(4);
    expect(session.card?.word).toBe('dos');
    expect(session.answered).toBe(1);
    expect([...database.reviews.values()]).toMatchObject([{ rating: 4, duration: 4_000, reviewed_at: start + 4_000 }]);
  });

  it('counts an answer once, however often the button is pressed', async () => {
    const { session, database } = await sitting(['uno', 'dos']);
    session.reveal();
    await Promise.all([session.grade(3), session.grade(3), session.grade(1)]);
    expect(database.reviews.size).toBe(1);
    expect(session.card?.word).toBe('dos');
  });

  it('names four intervals that grow from again to easy', async () => {
    const { session } = await sitting(['uno']);
    expect(session.intervals).toHaveLength(4);
    expect([...session.intervals].sort((a, b) => a - b)).toEqual(session.intervals);
    expect(session.intervals[0]).toBeGreaterThan(0);
  });

  it('is done after the last card and says when the next one comes', async () => {
    const { session } = await sitting(['uno']);
    session.reveal();
    await session.grade(1);
    expect(session.phase).toBe('done');
    expect(session.nextDueAt).toBe(start + minute);
  });

  it('brings a card round again that became due meanwhile', async () => {
    const { session, clock } = await sitting(['uno']);
    session.reveal();
    await session.grade(1);
    clock.at += 2 * minute;
    await session.load();
    expect(session).toMatchObject({ phase: 'question', answered: 1, total: 2 });
    expect(session.card?.word).toBe('uno');
  });

  it('keeps the card on the screen when the answer could not be kept', async () => {
    const { session, database } = await sitting(['uno', 'dos']);
    session.reveal();
    database.failure = { code: 'storage_full', detail: 'disk' };
    await session.grade(3);
    expect(session).toMatchObject({ phase: 'answer', answered: 0, failure: { code: 'storage_full' } });
    expect(session.card?.word).toBe('uno');
    database.failure = null;
    await session.grade(3);
    expect(session).toMatchObject({ answered: 1, failure: null });
  });

  it('ends with the new cards of the day, and goes on with more when asked', async () => {
    const { session, database } = await sitting(['uno', 'dos', 'tres', 'cuatro']);
    await database.mutate('settings.put', { key: 'new_cards_per_day', value: '1' });
    await session.load();
    expect(session).toMatchObject({ phase: 'question', total: 1, newWaiting: 3 });
    session.reveal();
    await session.grade(4);
    expect(session).toMatchObject({ phase: 'done', answered: 1, newWaiting: 3 });
    await session.loadMore(2);
    expect(session).toMatchObject({ phase: 'question', answered: 1, total: 3 });
    expect(session.card?.word).toBe('dos');
    for (const _ of ['dos', 'tres']) {
      session.reveal();
      await session.grade(4);
    }
    expect(session).toMatchObject({ phase: 'done', answered: 3, newWaiting: 1 });
  });

  it('is done at once where nothing is due', async () => {
    const { session } = await sitting([]);
    expect(session).toMatchObject({ phase: 'done', total: 0, nextDueAt: null });
  });
});

async function sitting(words: readonly string[]) {
  const database = new FakeLocalDatabase();
  for (const [index, word] of words.entries()) {
    await database.mutate('words.add', {
      language: 'es',
      words: [{ word, translation: word }],
      at: start - 1_000 + index,
    });
  }
  const clock = { at: start };
  let count = 0;
  const session = new ReviewSession({ database, now: () => clock.at, newId: () => `review-${(count += 1)}` });
  await session.load();
  return { session, database, clock };
}
