/** A declaration as a value. */
import { expect, it } from 'vitest';
import { createSchema } from '../../../src/schema/ddl.ts';
import { defineSchema } from '../../../src/schema/schema.ts';

const text = { type: 'text', maxLength: 10 } as const;
const whole = { type: 'integer', min: 0, max: 9, nullable: true } as const;
/** Made by each test: what is made as a file is loaded holds no mutant (docs/mutation.md). */
const declared = () =>
  defineSchema({
    tables: {
      last: { priority: 3, columns: { b: text, a: whole } },
      first: { priority: 1, columns: { a: text, b: text }, indexes: [['a', 'b']] },
      second: { priority: 2, columns: { a: text } },
      third: { priority: 2, columns: { a: text } },
    },
    steps: [{ statements: [] }],
  });

it('syncs tables by priority, and those of one priority as they are declared', () => {
  expect(declared().syncOrder).toEqual(['first', 'second', 'third', 'last']);
});

it('names a table’s columns as they are declared', () => {
  const schema = declared();
  expect(schema.columnsOf('last')).toEqual(['b', 'a']);
  expect(schema.columnsOf('second')).toEqual(['a']);
});

it('knows its own tables only', () => {
  const schema = declared();
  expect(schema.tableOf('last')?.priority).toBe(3);
  expect(schema.tableOf('toString')).toBeUndefined();
  expect(schema.version).toBe(2);
});

it('becomes tables whose columns hold what they must, and indexes by name', () => {
  const statements = createSchema('fts5', declared()).join('\n');
  expect(statements).toMatch(/\bb TEXT NOT NULL/);
  expect(statements).toMatch(/\ba INTEGER(?! NOT NULL)/);
  expect(statements).toContain('CREATE INDEX first_by_a_b ON first (a, b)');
});

it('writes the quotes of a default twice', () => {
  const quoted = defineSchema({
    tables: { t: { priority: 1, columns: { a: { ...text, default: "it's" } } } },
    steps: [],
  });
  expect(createSchema('fts5', quoted).join('\n')).toContain("DEFAULT 'it''s'");
});
