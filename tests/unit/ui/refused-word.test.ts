import { describe, expect, it } from 'vitest';
import type { RejectedRow, WordRow } from '../../../src/client/db/api.ts';
import { refusedWord } from '../../../src/ui/state/refused-word.ts';

const refused = (values: unknown): RejectedRow => ({
  table_name: 'vocabulary_item',
  row_id: 'w',
  op: 'update',
  code: 'invalid_value',
  column_name: 'note',
  values_json: typeof values === 'string' ? values : JSON.stringify(values),
  rejected_at: 1,
});
const stored: WordRow = {
  id: 'w',
  language: 'es',
  word: 'casa',
  translation: 'house',
  note: 'f',
  created_at: 1,
  due_at: 1,
  card_state: 0,
  reps: 0,
};

describe('a word that the server refused', () => {
  it('shows the refused values over what is here', () => {
    const draft = { word: 'casa', translation: 'house', note: 'x'.repeat(2_000) };
    expect(refusedWord(refused({ note: draft.note, reps: 3 }), stored)).toEqual({ draft, language: 'es' });
  });

  it('is all of the refused values where it never came to be', () => {
    const values = { language: 'fr', word: 'maison', translation: 'house', note: '', reps: 0 };
    expect(refusedWord(refused(values), null)).toEqual({
      draft: { word: 'maison', translation: 'house', note: '' },
      language: 'fr',
    });
  });

  it.each(['{broken', 'null', '3', '{"word":5}'])('is empty where %s was kept', (values) => {
    expect(refusedWord(refused(values), null)).toEqual({
      draft: { word: '', translation: '', note: '' },
      language: null,
    });
  });
});
