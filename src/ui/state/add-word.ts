/** Adding one word: trimmed and composed, told apart from one that exists. */
import type { LocalDatabase, WordRow } from '../../client/db/api.ts';
import { presentDatabaseFailure } from '../error-presentation.ts';

export interface AddWordPorts {
  readonly database: LocalDatabase;
  readonly now: () => number;
}

export interface AddedWord {
  readonly word: string;
  /** The word was there before and stays as it is. */
  readonly existed: boolean;
  /** Words for the person, or null. */
  readonly failure: string | null;
}

export async function addWord(
  ports: AddWordPorts,
  entry: { readonly language: string; readonly word: string; readonly translation: string; readonly note: string },
): Promise<AddedWord> {
  const word = tidy(entry.word);
  const existed = (await findWord(ports.database, entry.language, word)) !== null;
  if (existed) return { word, existed, failure: null };
  const { language } = entry;
  const added = { word, translation: tidy(entry.translation), note: entry.note.trim() };
  const done = await ports.database.mutate('words.add', { language, words: [added], at: ports.now() });
  return { word, existed, failure: done.ok ? null : presentDatabaseFailure(done.error).words };
}

/** The very word in that language (case aside), or null. */
export async function findWord(database: LocalDatabase, language: string, word: string): Promise<WordRow | null> {
  const wanted = tidy(word).toLocaleLowerCase(language);
  if (wanted === '') return null;
  const found = await database.query('words.list', { search: wanted, limit: 50, offset: 0 });
  if (!found.ok) return null;
  return (
    found.value.find((row) => row.language === language && tidy(row.word).toLocaleLowerCase(language) === wanted) ??
    null
  );
}

/** One space between words, composed accents: what looks the same is the same. */
export function tidy(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}
