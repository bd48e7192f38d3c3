/**
 * The rows that everything here writes and reads, of the shape that the peers were measured with: a 22-character id, two
 * texts of 40 characters and five numbers. Pseudo-random from a seed, so that every contender gets the same.
 *
 * A text is made of words of a vocabulary of 20,000, the n-th one used in proportion to 1/n and the common ones shorter, as
 * in every language (Zipf's law): what a full-text index costs depends on it.
 */
import type { Value } from '../../src/base/value.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { RowPage } from '../../src/protocol/messages.ts';
import { columnsOf } from '../../src/schema/tables.ts';

export interface BenchWord {
  readonly id: string;
  readonly word: string;
  readonly translation: string;
  readonly created_at: number;
  readonly due_at: number;
  readonly stability: number;
  readonly difficulty: number;
  readonly scheduled_days: number;
}

const language = 'es';
const textLength = 40;
const idLength = 22;
const vocabulary = 20_000;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const syllables = 'ca sa per ro li bro me si lla ven ta na gua te co mer dor mir cie lo ár bol ni ño'.split(' ');
/** 2025-01-01. */
const firstDay = 1_735_689_600_000;
const minute = 60_000;

export function makeWords(count: number, seed: number): BenchWord[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, (_, index) => ({
    id: text(idLength, () => letters[Math.floor(random() * letters.length)]!),
    word: sentence(random),
    translation: sentence(random),
    created_at: firstDay + index * minute,
    due_at: firstDay + Math.floor(random() * 1_000_000) * minute,
    stability: Math.round(random() * 100_000) / 1_000,
    difficulty: Math.round(random() * 10_000) / 1_000,
    scheduled_days: Math.floor(random() * 365),
  }));
}

export const insertWord = `INSERT INTO vocabulary_item
(id, language, word, translation, note, created_at, due_at, stability, difficulty, scheduled_days)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function valuesOf(word: BenchWord): Value[] {
  const { id, word: text, translation, created_at, due_at, stability, difficulty, scheduled_days } = word;
  return [id, language, text, translation, '', created_at, due_at, stability, difficulty, scheduled_days];
}

/** As a change of the protocol carries it: every column that a device knows. */
export function columnsOfWord(word: BenchWord): Record<string, Value> {
  const { id: _id, ...columns } = word;
  const card = { learning_steps: 0, reps: 0, lapses: 0, card_state: 0, last_review_at: null };
  return { language, note: '', ...columns, ...card };
}

/** The pages of a pull of all of them: as the server sends them, in the order of their sequence. */
export function pagesOf(words: readonly BenchWord[]): RowPage[] {
  const columns = columnsOf('vocabulary_item');
  return Array.from({ length: Math.ceil(words.length / limits.pullRows) }, (_, page) => {
    const from = page * limits.pullRows;
    const some = words.slice(from, from + limits.pullRows);
    const rows = some.map(columnsOfWord);
    return {
      table: 'vocabulary_item',
      ids: some.map(({ id }) => id),
      seqs: some.map((_word, index) => from + index + 1),
      deleted: [],
      columns,
      values: columns.map((column) => rows.map((row) => row[column]!)),
    };
  });
}

/** Cut at 40 characters. */
function sentence(random: () => number): string {
  return text(textLength, () => `${vocable(Math.floor(vocabulary ** random()))} `).replace(/ $/, 'x');
}

/** The word of a rank from 1, in syllables. */
function vocable(rank: number): string {
  const { length } = syllables;
  const last = syllables[rank % length]!;
  return rank < length ? last : vocable(Math.floor(rank / length)) + last;
}

function text(length: number, piece: () => string): string {
  let made = '';
  while (made.length < length) made += piece();
  return made.slice(0, length);
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
