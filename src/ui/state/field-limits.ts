/** Longest inputs, in UTF-16 code units. The types make the compiler refuse a figure other than the schema's. */
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
