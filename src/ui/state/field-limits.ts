/**
 * Longest inputs, in UTF-16 code units: what is longer could never be sent. `maxlength` cuts what is pasted without a word,
 * so the forms for words, texts and messages keep it and say by how much it is too long. The types make the compiler refuse
 * a figure other than the schema's.
 */
import type { tables } from '../../schema/tables.ts';

type Tables = typeof tables;
type MaxLength<T extends keyof Tables, C extends keyof Tables[T]['columns']> = Tables[T]['columns'][C] extends {
  readonly maxLength: infer L;
}
  ? L
  : never;

export const wordLength: MaxLength<'vocabulary_item', 'word'> = 200;
export const translationLength: MaxLength<'vocabulary_item', 'translation'> = 400;
export const messageLength: MaxLength<'message', 'body'> = 8_000;
export const titleLength: MaxLength<'document', 'title'> = 200;
export const contentLength: MaxLength<'document', 'content'> = 200_000;
/** These go through functions in the schema, which widen their types. */
export const noteLength = 1_000;
export const nameLength = 80;

/** What to say about a text that is longer than what can be kept and sent, or undefined when it fits. */
export function tooLong(text: string, most: number): string | undefined {
  const excess = text.length - most;
  if (excess <= 0) return undefined;
  const count = new Intl.NumberFormat('en').format(excess);
  return `This is ${count} ${excess === 1 ? 'character' : 'characters'} too long. Shorten it, or split it in two.`;
}
