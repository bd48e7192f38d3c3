/** Reading a text word by word: where paragraphs end, and which word lies under a finger. */

/** A blank line ends a paragraph; without any blank line, every line is one. */
export function paragraphsOf(content: string): readonly string[] {
  const unified = content.replace(/\r\n?/g, '\n');
  const separator = /\n\s*\n/.test(unified) ? /\n\s*\n+/ : /\n+/;
  return unified
    .split(separator)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '');
}

export interface WordSpan {
  readonly word: string;
  /** In UTF-16 code units. */
  readonly start: number;
  readonly end: number;
}

export function wordsOf(text: string, language: string): readonly WordSpan[] {
  const segments = new Intl.Segmenter(language, { granularity: 'word' }).segment(text);
  const words: WordSpan[] = [];
  for (const { segment, index, isWordLike } of segments) {
    if (isWordLike) words.push({ word: segment, start: index, end: index + segment.length });
  }
  return words;
}

/** The word at an offset, or null where there is none. A tap just behind a word means that word. */
export function wordAt(text: string, offset: number, language: string): WordSpan | null {
  const words = wordsOf(text, language);
  return (
    words.find((span) => span.start <= offset && offset < span.end) ?? words.find((span) => span.end === offset) ?? null
  );
}

/** Each word once, in the order of the text, written as first seen. */
export function distinctWords(text: string, language: string): readonly string[] {
  const seen = new Set<string>();
  return wordsOf(text, language)
    .map((span) => span.word)
    .filter((word) => {
      const key = word.toLocaleLowerCase(language);
      return !seen.has(key) && Boolean(seen.add(key));
    });
}

/** Inside a sentence, a capital is the word's own; at its start, it is the sentence's. */
export function dictionaryForm(span: WordSpan, text: string, language: string): string {
  if (language === 'de') return span.word;
  const before = text.slice(0, span.start).trimEnd();
  const startsSentence = before === '' || /[.!?…:¿¡"“”«»—–-]$/.test(before);
  return startsSentence && span.word !== span.word.toLocaleUpperCase(language)
    ? span.word.toLocaleLowerCase(language)
    : span.word;
}

/** SHA-256 of a text, hexadecimal: what makes the same text on two devices the same row. */
export async function contentHash(content: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A title for a text without one: its first line, cut at a word. */
export function titleFrom(content: string): string {
  const line = content.trim().split('\n', 1)[0]?.trim() ?? '';
  if (line.length <= 60) return line;
  const cut = line.slice(0, 60);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 30))}…`;
}
