/** A word as the server refused it: the refused values over those that are here. */
import type { RejectedRow, WordRow } from '../../client/db/api.ts';

export interface WordDraft {
  readonly word: string;
  readonly translation: string;
  readonly note: string;
}

export interface RefusedWord {
  readonly draft: WordDraft;
  /** Null where neither the refused values nor the stored word say it. */
  readonly language: string | null;
}

export function refusedWord(row: RejectedRow, stored: WordRow | null): RefusedWord {
  const refused = parsed(row.values_json);
  const text = (name: keyof WordDraft | 'language'): string | null => {
    const value = refused[name];
    return typeof value === 'string' ? value : (stored?.[name] ?? null);
  };
  const draft = { word: text('word') ?? '', translation: text('translation') ?? '', note: text('note') ?? '' };
  return { draft, language: stored?.language ?? text('language') };
}

function parsed(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
