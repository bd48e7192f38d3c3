/**
 * What a person types into the search of words, as SQL conditions: every term has to be the beginning of some word of the
 * row, accents and case folded, by the full-text index.
 *
 * Writing without spaces between words (Chinese, Japanese, Thai) and letters newer than SQLite's Unicode tables cannot be
 * found by prefix there, and what SQLite would split in two is an error where it keeps no positions. Such terms are
 * searched inside the text instead.
 */
import type { Value } from '../../base/value.ts';

export interface WordSearch {
  /** After `FROM vocabulary_item v`. */
  readonly where: string;
  readonly params: readonly Value[];
}

/** Latin, Greek, Cyrillic, Armenian, all of Unicode 5: what SQLite's `unicode61` surely knows as letters or digits. */
const indexed =
  /^[0-9a-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02c1\u0370-\u0373\u0376\u0377\u037b-\u037d\u0386\u0388-\u03f5\u03f7-\u0481\u048a-\u0523\u0531-\u0556\u0561-\u0587\u1e00-\u1fbc]+$/u;
/** What NFC leaves uncomposed, and lower-casing İ makes: full text has folded these away, or splits words at them. */
const marks = /[\u0300-\u036f]/g;
const termsOf = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

/**
 * Null when nothing is searched for: all rows are meant. Without the index (it cannot be brought up to date on a full
 * disk) every term is searched inside the text: slower, and with accents as they are.
 */
export function searchWords(search: string, index: 'by index' | 'without index' = 'by index'): WordSearch | null {
  const terms = search.normalize('NFC').toLowerCase().replace(marks, '').match(termsOf);
  if (!terms) return search.trim() === '' ? null : { where: 'WHERE false', params: [] };
  const isIndexed = (term: string): boolean => index === 'by index' && indexed.test(term);
  const byIndex = terms.filter(isIndexed);
  const byText = terms.filter((term) => !isIndexed(term));
  const conditions: string[] = [];
  const params: Value[] = [];
  if (byIndex.length > 0) {
    conditions.push('v._rowid IN (SELECT rowid FROM vocabulary_item_fts WHERE vocabulary_item_fts MATCH ?)');
    params.push(byIndex.map((term) => `${term}*`).join(' '));
  }
  for (const term of byText) {
    conditions.push(`(v.word LIKE ? ESCAPE '\\' OR v.translation LIKE ? ESCAPE '\\' OR v.note LIKE ? ESCAPE '\\')`);
    const pattern = `%${escapeLike(term)}%`;
    params.push(pattern, pattern, pattern);
  }
  return { where: `WHERE ${conditions.join(' AND ')}`, params };
}

/**
 * Two patterns for sorting what was found: words that begin as typed, and words that begin so but for accents. SQL cannot
 * fold accents, so the second lets every letter that commonly has them be any letter; full text has found the row already.
 */
export function beginningPatterns(search: string): [asTyped: string, withoutAccents: string] {
  const typed = search.normalize('NFC').toLowerCase().trim();
  const loose = [...typed].map((letter) => (/[aceilnosuyz]|[^\p{ASCII}]/u.test(letter) ? '_' : escapeLike(letter)));
  return [`${escapeLike(typed)}%`, `${loose.join('')}%`];
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
