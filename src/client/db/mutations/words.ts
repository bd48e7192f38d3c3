/** Words and their reviews. */
import type { Value } from '../../../base/value.ts';
import type { Row } from '../../../schema/tables.ts';
import type { NewWord } from '../api.ts';
import type { WriteSql } from '../database.ts';
import { gradeCard, type CardColumns } from '../fsrs-card.ts';
import { naturalId, normalizeWord } from '../natural-id.ts';
import {
  done,
  exists,
  insertAllNew,
  insertNew,
  invalid,
  misfit,
  type Mutation,
  wholeRow,
  type MutationContext,
} from './mutation.ts';

type NewWordRow = Pick<
  Row<'vocabulary_item'>,
  'id' | 'language' | 'word' | 'translation' | 'note' | 'created_at' | 'due_at'
>;

export const addWords: Mutation<'words.add'> = (context, { language, words, at }) => {
  const rows = new Map<string, Omit<NewWordRow, 'id'>>();
  for (const word of words) {
    const values = cleaned({ language, ...word, at });
    const wrong = misfit('vocabulary_item', values);
    if (wrong) return wrong;
    if (!rows.has(values.word)) rows.set(values.word, values);
  }
  const added = withNewIds(context.sql, { language, rows: [...rows.values()] });
  insertAllNew(context.sql, 'vocabulary_item', added);
  if (added.length > 0) countWords(context, { language, at, added });
  return done;
};

/** The row keeps its id whatever the word becomes: reviews hang on it. */
export const editWord: Mutation<'words.edit'> = ({ sql }, { id, ...texts }) => {
  const values = { word: normalizeWord(texts.word), translation: texts.translation.trim(), note: texts.note };
  const wrong = misfit('vocabulary_item', { id, ...values });
  if (wrong) return wrong;
  const changed = sql.run('UPDATE vocabulary_item SET word = ?, translation = ?, note = ? WHERE id = ?', [
    ...Object.values(values),
    id,
  ]);
  return changed > 0 ? done : invalid('vocabulary_item.id names no word that is here');
};

export const deleteWord: Mutation<'words.delete'> = ({ sql }, { id }) => {
  sql.run('DELETE FROM vocabulary_item WHERE id = ?', [id]);
  return done;
};

export const restoreWord: Mutation<'words.restore'> = ({ sql }, { row }) => {
  const whole = wholeRow('vocabulary_item', { ...row });
  if (!whole.ok) return whole;
  insertNew(sql, 'vocabulary_item', whole.value);
  return done;
};

export const gradeReview: Mutation<'reviews.grade'> = ({ sql }, { reviewId, wordId, rating, at, duration }) => {
  // Sent again after a hand-over: the card has moved on already.
  if (exists(sql, 'review', reviewId)) return done;
  const [card] = sql.all(
    `SELECT language, due_at, stability, difficulty, scheduled_days, learning_steps, reps, lapses, card_state, last_review_at
FROM vocabulary_item WHERE id = ?`,
    [wordId],
  ) as unknown as ((CardColumns & { readonly language: string }) | undefined)[];
  if (!card) return invalid('review.vocabulary_item_id names no word that is here');
  const { language, ...before } = card;
  const review = {
    id: reviewId,
    vocabulary_item_id: wordId,
    rating,
    card_state: before.card_state,
    reviewed_at: at,
    duration: Math.max(0, Math.round(duration)),
  };
  const wrong = misfit('review', review);
  if (wrong) return wrong;
  insertNew(sql, 'review', review);
  const id = naturalId('study_event', ['card_reviewed', reviewId]);
  insertNew(sql, 'study_event', { id, kind: 'card_reviewed', language, amount: 1, happened_at: at });
  const after = Object.entries(gradeCard(before, { rating, at }));
  sql.run(`UPDATE vocabulary_item SET ${after.map(([column]) => `${column} = ?`).join(', ')} WHERE id = ?`, [
    ...after.map(([, value]) => value as Value),
    wordId,
  ]);
  return done;
};

function cleaned({
  language,
  word,
  translation,
  note,
  at,
}: NewWord & { language: string; at: number }): Omit<NewWordRow, 'id'> {
  return {
    language,
    word: normalizeWord(word),
    translation: translation.normalize('NFC').trim(),
    note: (note ?? '').normalize('NFC'),
    created_at: at,
    // A new card is due at once.
    due_at: at,
  };
}

/**
 * The rows that are new, each with its id. A natural id that is taken by a row whose word was edited to another passes to
 * a numbered key, so that nothing is overwritten; the same numbers come out when the same words are added again.
 */
function withNewIds(
  sql: WriteSql,
  { language, rows }: { language: string; rows: readonly Omit<NewWordRow, 'id'>[] },
): NewWordRow[] {
  const added: NewWordRow[] = [];
  let open = rows.map((row) => ({ id: naturalId('vocabulary_item', [language, row.word]), ...row }));
  for (let number = 2; open.length > 0; number++) {
    const taken = wordsById(sql, open);
    added.push(...open.filter((row) => !taken.has(row.id)));
    open = open
      .filter((row) => taken.has(row.id) && taken.get(row.id) !== row.word)
      .map((row) => ({ ...row, id: naturalId('vocabulary_item', [language, row.word, String(number)]) }));
  }
  return added;
}

function wordsById(sql: WriteSql, rows: readonly { readonly id: string }[]): Map<string, string> {
  const ids = JSON.stringify(rows.map((row) => row.id));
  const found = sql.arrays('SELECT v.id, v.word FROM json_each(?) j JOIN vocabulary_item v ON v.id = j.value', [ids]);
  return new Map(found as [string, string][]);
}

/** One event for all words of one go. */
function countWords(
  { sql }: MutationContext,
  { language, at, added }: { language: string; at: number; added: readonly NewWordRow[] },
): void {
  const id = naturalId('study_event', ['word_added', String(at), ...added.map((row) => row.id)]);
  insertNew(sql, 'study_event', { id, kind: 'word_added', language, amount: added.length, happened_at: at });
}
