import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/protocol/messages.ts';
import { declaredStrategy } from '../../../src/schema/policies.ts';
import { limits } from '../../../src/protocol/limits.ts';
import { defineSchema } from '../../../src/schema/schema.ts';
import { currentSchema, tables } from '../../../src/schema/tables.ts';
import { explainMisfit, isId, isName, validateChange } from '../../../src/schema/validate.ts';

const values = { language: 'es', word: 'perro', translation: 'dog', created_at: 1, due_at: 1 };
const insert: Change = { table: 'vocabulary_item', id: 'w1', op: 'insert', stamp: 1, baseSeq: 0, values };
const update: Change = { ...insert, op: 'update', values: { note: 'x' }, base: { note: [1, ''] } };

describe('a change is refused', () => {
  it.each<[string, Change, object]>([
    ['of an unknown table', { ...insert, table: 'sticker' }, { code: 'unknown_table' }],
    ['of a table named like a part of every object', { ...insert, table: '__proto__' }, { code: 'unknown_table' }],
    ['with an empty id', { ...insert, id: '' }, { code: 'invalid_id' }],
    ['with an id of strange characters', { ...insert, id: "'; DROP TABLE" }, { code: 'invalid_id' }],
    ['with an id that is too long', { ...insert, id: 'x'.repeat(65) }, { code: 'invalid_id' }],
    ['that makes a row of nothing', { ...insert, values: undefined as never }, { code: 'invalid_change' }],
    ['that edits nothing', { ...update, values: {} }, { code: 'invalid_change' }],
    ['that edits without values', { ...update, values: undefined as never }, { code: 'invalid_change' }],
    ['that deletes with values', { ...insert, op: 'delete' }, { code: 'invalid_change' }],
    [
      'that deletes with stamps',
      { ...insert, op: 'delete', values: undefined as never, stamps: {} },
      { code: 'invalid_change' },
    ],
    ['of an unknown column', { ...update, values: { colour: 'green' } }, { code: 'unknown_column', column: 'colour' }],
    [
      'of a column named constructor',
      { ...update, values: { constructor: 'x' } },
      { code: 'unknown_column', column: 'constructor' },
    ],
    ['with a value of another type', { ...update, values: { note: 5 } }, { code: 'invalid_value', column: 'note' }],
    [
      'with a stamp for a column that is not sent',
      { ...update, stamps: { word: 3 } },
      { code: 'invalid_change', column: 'word' },
    ],
    [
      'with a base for an unknown column',
      { ...update, base: { colour: [1, 'x'] } },
      { code: 'unknown_column', column: 'colour' },
    ],
    [
      'that makes a row without a column that has no default',
      { ...insert, values: { word: 'x' } },
      { code: 'missing_column', column: 'language' },
    ],
    [
      'that edits a row of an append-only table',
      { ...update, table: 'message', values: { body: 'x' } },
      { code: 'append_only' },
    ],
  ])('%s', (_, change, error) => {
    expect(validateChange(change)).toEqual(error);
  });
});

describe('a change is accepted', () => {
  it.each<[string, Change]>([
    ['that makes a row', insert],
    ['that edits a column', update],
    ['that edits at several times', { ...update, stamps: { note: 4 } }],
    ['that deletes', { table: 'message', id: 'm', op: 'delete', stamp: 1, baseSeq: 3 }],
  ])('%s', (_, change) => {
    expect(validateChange(change)).toBeNull();
  });
});

describe('a value', () => {
  const text = { type: 'text', maxLength: 5, minLength: 2 } as const;
  const whole = { type: 'integer', min: 0, max: 10 } as const;

  it.each([
    [text, 'ab', null],
    [text, 'abcde', null],
    [text, 'abcdef', 'must have at most 5 characters'],
    [text, 'a', 'must have at least 2 characters'],
    [text, 5, 'must be text'],
    [text, null, 'must not be null'],
    [text, 'a\u{1F99C}', null],
    [text, 'a\uD83E', 'must be well-formed Unicode'],
    [{ ...text, nullable: true }, null, null],
    [{ ...text, enum: ['ab', 'cd'] }, 'cd', null],
    [{ ...text, enum: ['ab', 'cd'] }, 'ef', 'must be one of ab, cd'],
    [whole, 0, null],
    [whole, 10, null],
    [whole, 11, 'must be from 0 to 10'],
    [whole, -1, 'must be from 0 to 10'],
    [whole, 1.5, 'must be a whole number'],
    [whole, '5', 'must be a number'],
    [whole, Number.NaN, 'must be a number'],
    [{ ...whole, type: 'real' as const }, 1.5, null],
    [{ ...whole, type: 'real' as const }, Infinity, 'must be a number'],
  ])('of %o: %o is explained as %o', (column, value, words) => {
    expect(explainMisfit(column, value)).toBe(words);
  });
});

describe('a name of a table or column', () => {
  it('is short, plain and in small letters', () => {
    for (const name of ['a', 'word_2', 'x'.repeat(40)]) expect(isName(name), name).toBe(true);
    for (const odd of ['', '1a', '_a', 'aA', 'a b', ' a', 'a-b', 'a\n', 'x'.repeat(41)])
      expect(isName(odd), odd).toBe(false);
  });

  it('is neither the row’s id nor a part of every object', () => {
    for (const taken of ['id', 'constructor', '__proto__']) expect(isName(taken), taken).toBe(false);
  });
});

describe('an id', () => {
  it('is a UUID or anything as plain', () => {
    expect(isId('018f6b1c-7d2e-7c3a-9b1d-2f4e5a6b7c8d')).toBe(true);
    expect(isId('x'.repeat(64))).toBe(true);
    for (const odd of ['a b', 'ab\n', ' ab', 'a/b', '']) expect(isId(odd), odd).toBe(false);
  });
});

describe('the strategy of a table', () => {
  it('is the latest stamp where none is declared, and for tables that are not ours', () => {
    expect(declaredStrategy('vocabulary_item', 'word')).toBe('latest_timestamp');
    expect(declaredStrategy('sticker', 'x')).toBe('latest_timestamp');
  });
});

describe('a newer sender', () => {
  const verdict = (values: Change['values'] & {}) =>
    validateChange({ ...update, values, base: {} }, { version: currentSchema.version + 1 });

  it.each<Change['values'] & {}>([
    { card_state: 9 },
    { word: '' },
    { note: null },
    { stability: -1.5 },
    { colour: 'red', size: 2.5, gone: null },
  ])('may have widened or added %o', (values) => {
    expect(verdict(values)).toBeNull();
  });

  it.each<Change['values'] & {}>([
    { card_state: 1.5 },
    { card_state: '1' },
    { stability: 'x' },
    { word: 5 },
    { note: 'x'.repeat(limits.unknownText + 1) },
    { note: '\uD800' },
    { size: Infinity },
  ])('cannot have %o', (values) => {
    expect(verdict(values)).toEqual({ code: 'invalid_value', column: Object.keys(values)[0] });
  });

  it('is one by the schema of this side', () => {
    const later = defineSchema({ tables, steps: [...currentSchema.steps, { statements: [] }] });
    expect(validateChange(update, { schema: later, version: later.version })).toBeNull();
    expect(
      validateChange({ ...update, values: { colour: 'red' } }, { schema: later, version: later.version }),
    ).toMatchObject({ code: 'unknown_column' });
  });
});
