/** Words of the app's database in memory, with their cards. */
import { createEmptyCard, type Card } from 'ts-fsrs';
import { v5 } from 'uuid';
import type { Row } from '../../src/schema/tables.ts';

/** Of the ids that are made from what a row says. */
export const namespace = '6f3c1c1e-7d1c-4a53-9b5c-0a6f0b8f7a10';
const day = 86_400_000;

export type Word = Row<'vocabulary_item'>;

interface WordInput {
  readonly language: string;
  readonly word: string;
  readonly translation: string;
  readonly note?: string;
  readonly at: number;
}

export function newWord({ language, word, translation, note = '', at }: WordInput): Word {
  const id = v5(`${language}\n${word}`, namespace);
  return { id, language, word, translation, note, created_at: at, ...columnsOf(createEmptyCard(at)) };
}

export function cardOf(row: Word): Card {
  return {
    due: new Date(row.due_at),
    stability: row.stability,
    difficulty: row.difficulty,
    elapsed_days: row.last_review_at === null ? 0 : Math.floor((row.due_at - row.last_review_at) / day),
    scheduled_days: row.scheduled_days,
    learning_steps: row.learning_steps,
    reps: row.reps,
    lapses: row.lapses,
    state: row.card_state,
    ...(row.last_review_at === null ? {} : { last_review: new Date(row.last_review_at) }),
  };
}

export function columnsOf(card: Card) {
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
