import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradeCard, nextDueTimes, type CardColumns } from '../../../../src/client/db/fsrs-card.ts';

const day = 86_400_000;
const now = 1_800_000_000_000;
const fresh: CardColumns = {
  due_at: now,
  stability: 0,
  difficulty: 0,
  scheduled_days: 0,
  learning_steps: 0,
  reps: 0,
  lapses: 0,
  card_state: 0,
  last_review_at: null,
};
const reviewed = gradeCard(fresh, { rating: 4, at: now });

describe('a card', () => {
  it('can be answered after the clock was set back', () => {
    const after = gradeCard(reviewed, { rating: 3, at: now - 3 * day });
    expect(after.last_review_at).toBe(now);
    expect(after.reps).toBe(reviewed.reps + 1);
  });

  it('goes on from what it has', () => {
    expect(gradeCard(reviewed, { rating: 3, at: now + 9 * day }).stability).toBeGreaterThan(reviewed.stability);
  });

  it('can be answered and previewed whatever columns of two devices came together', () => {
    const mixed = fc.record({
      stability: fc.constantFrom(0, 0.001, reviewed.stability),
      difficulty: fc.constantFrom(0, 0.5, reviewed.difficulty),
      scheduled_days: fc.constantFrom(0, 8),
      learning_steps: fc.nat(3),
      reps: fc.nat(3),
      lapses: fc.nat(2),
      card_state: fc.integer({ min: 0, max: 3 }),
      last_review_at: fc.constantFrom(null, now - day, now + day),
      due_at: fc.constantFrom(now - day, now),
    });
    fc.assert(
      fc.property(mixed, fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const), (card, rating) => {
        const after = gradeCard(card, { rating, at: now });
        expect(after.stability).toBeGreaterThan(0);
        expect(after.difficulty).toBeGreaterThanOrEqual(1);
        for (const due of nextDueTimes(card, now)) expect(Number.isSafeInteger(due)).toBe(true);
      }),
    );
  });
});
