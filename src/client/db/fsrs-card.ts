/** The spaced-repetition card of a word: FSRS by ts-fsrs with its default parameters, and no fuzz, so that two devices agree. */
import { createEmptyCard, fsrs, type Card, type CardInput, type Grade } from 'ts-fsrs';
import type { Row } from '../../schema/tables.ts';

/** The columns of `vocabulary_item` that hold the card. */
export type CardColumns = Pick<
  Row<'vocabulary_item'>,
  | 'due_at'
  | 'stability'
  | 'difficulty'
  | 'scheduled_days'
  | 'learning_steps'
  | 'reps'
  | 'lapses'
  | 'card_state'
  | 'last_review_at'
>;

const scheduler = fsrs({ enable_fuzz: false });

/** The card after an answer at a time (milliseconds since 1970). */
export function gradeCard(card: CardColumns, answer: { rating: Grade; at: number }): CardColumns {
  return columnsOf(scheduler.next(cardOf(card), notBefore(card, answer.at), answer.rating).card);
}

/** When the card would come again for each answer: again, hard, good, easy. Milliseconds since 1970. */
export function nextDueTimes(card: CardColumns, now: number): readonly [number, number, number, number] {
  const preview = scheduler.repeat(cardOf(card), notBefore(card, now));
  const due = (grade: Grade): number => preview[grade].card.due.getTime();
  return [due(1), due(2), due(3), due(4)];
}

/** FSRS refuses an answer from before the last one, as a clock that was set back would give it. */
function notBefore({ last_review_at }: CardColumns, time: number): number {
  return Math.max(time, last_review_at ?? time);
}

/**
 * Merged by column, two devices' cards can combine into one that FSRS refuses, such as a stability without a difficulty.
 * Such a card starts over: the word stays reviewable, and the reviews themselves are kept.
 */
function isWhole({ card_state, stability, difficulty, last_review_at }: CardColumns): boolean {
  if (card_state === 0) return stability === 0 && difficulty === 0;
  return stability > 0 && difficulty >= 1 && last_review_at !== null;
}

function cardOf(row: CardColumns): CardInput {
  if (!isWhole(row)) return createEmptyCard(row.due_at);
  return {
    // For what ts-fsrs has deprecated and does not read, but still wants.
    ...createEmptyCard(row.due_at),
    stability: row.stability,
    difficulty: row.difficulty,
    scheduled_days: row.scheduled_days,
    learning_steps: row.learning_steps,
    reps: row.reps,
    lapses: row.lapses,
    state: row.card_state,
    last_review: row.last_review_at,
  };
}

function columnsOf(card: Card): CardColumns {
  return {
    due_at: card.due.getTime(),
    stability: card.stability,
    difficulty: card.difficulty,
    scheduled_days: card.scheduled_days,
    learning_steps: card.learning_steps,
    reps: card.reps,
    lapses: card.lapses,
    card_state: card.state,
    last_review_at: card.last_review?.getTime() ?? null,
  };
}
