/**
 * The client's schema may not change without a new version: files with the old one are on people's devices, and apps with
 * the old one talk to the same server. What a version was is recorded beside this test. WRITE_GOLDEN=1 writes it anew for
 * a version that was not released yet, and for no other.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Column, Table } from '../../src/schema/column.ts';
import { createSchema } from '../../src/schema/ddl.ts';
import { releasedSchema, steps } from '../../src/schema/steps.ts';
import { schemaVersion, tables } from '../../src/schema/tables.ts';

interface Recorded {
  readonly version: number;
  readonly tables: Readonly<Record<string, Table>>;
  readonly fts5: readonly string[];
  readonly fts4: readonly string[];
  readonly steps: readonly unknown[];
}

const goldenOf = (version: number) => fileURLToPath(new URL(`client-schema.v${version}.json`, import.meta.url));
const recorded = (version: number) => JSON.parse(readFileSync(goldenOf(version), 'utf8')) as Recorded;
const versions = Array.from({ length: schemaVersion }, (_, index) => index + 1);
const earlier = versions.slice(0, -1);

it('is as it was recorded for its version', () => {
  const present: Recorded = {
    version: schemaVersion,
    tables,
    fts5: createSchema('fts5'),
    fts4: createSchema('fts4'),
    steps,
  };
  const text = `${JSON.stringify(present, null, 2)}\n`;
  if (process.env['WRITE_GOLDEN'] === '1' && schemaVersion > releasedSchema) {
    writeFileSync(goldenOf(schemaVersion), text);
  }
  expect(existsSync(goldenOf(schemaVersion)), 'not recorded: run once with WRITE_GOLDEN=1').toBe(true);
  expect(
    JSON.parse(text),
    schemaVersion > releasedSchema
      ? `The schema changed. Version ${schemaVersion} is not released yet: complete its step (src/schema/steps.ts), then run once with WRITE_GOLDEN=1.`
      : `The schema changed. Version ${schemaVersion} was released: add a step (src/schema/steps.ts), then run once with WRITE_GOLDEN=1.`,
  ).toEqual(recorded(schemaVersion));
});

it('is released no further than it goes', () => {
  expect(releasedSchema).toBeLessThanOrEqual(schemaVersion);
});

describe.each(earlier)('against version %i', (version) => {
  it('no step of it was edited', () => {
    const past = recorded(version).steps;
    if (version <= releasedSchema) expect(steps.slice(0, past.length)).toEqual(past);
  });

  it('every table is still there, and is what it was', () => {
    for (const [name, before] of Object.entries(recorded(version).tables)) {
      const now: Table | undefined = (tables as Readonly<Record<string, Table>>)[name];
      expect(now, name).toBeDefined();
      expect(now!.naturalKey, `${name}: its ids come from it`).toEqual(before.naturalKey);
      expect(now!.appendOnly, name).toEqual(before.appendOnly);
      expect(columnsThatBreak(before, now!).map((column) => `${name}.${column}`)).toEqual([]);
    }
  });
});

/** Columns that are gone, take less than they took, or that an older app's new row would lack. */
function columnsThatBreak(before: Table, now: Table): string[] {
  const narrowed = Object.entries(before.columns).filter(([name, column]) => !takesAll(now.columns[name], column));
  const added = Object.entries(now.columns).filter(([name]) => !Object.hasOwn(before.columns, name));
  const required = added.filter(([, { nullable, default: byDefault }]) => !nullable && byDefault === undefined);
  return [...narrowed, ...required].map(([name]) => name);
}

/** Whether every value of the column as it was may stand in it as it is. */
function takesAll(now: Column | undefined, before: Column): boolean {
  if (now?.type !== before.type || (before.nullable === true && now.nullable !== true)) return false;
  // Older files keep the default that their tables were made with, and pulled rows are left to it (pulled-rows.ts).
  if (before.default !== undefined && now.default !== before.default) return false;
  if (now.type !== 'text') return before.type !== 'text' && now.min <= before.min && now.max >= before.max;
  if (before.type !== 'text') return false;
  const choices = now.enum === undefined || (before.enum?.every((each) => now.enum!.includes(each)) ?? false);
  return choices && now.maxLength >= before.maxLength && (now.minLength ?? 0) <= (before.minLength ?? 0);
}

it('sees what would lock older apps out', () => {
  const text = { type: 'text', maxLength: 10, enum: ['a', 'b'] } as const;
  const whole = { type: 'integer', min: 0, max: 9 } as const;
  const before: Table = { priority: 1, columns: { text, whole } };
  const become = (columns: Table['columns']) => columnsThatBreak(before, { priority: 1, columns });
  expect(become({ text, whole })).toEqual([]);
  expect(become({ text: { ...text, maxLength: 11, enum: ['a', 'b', 'c'] }, whole: { ...whole, max: 10 } })).toEqual([]);
  expect(become({ text, whole, more: { ...whole, default: 0 }, other: { ...text, nullable: true } })).toEqual([]);
  expect(become({ text })).toEqual(['whole']);
  expect(become({ text: { ...text, enum: ['a'] }, whole: { ...whole, min: 1 } })).toEqual(['text', 'whole']);
  expect(become({ text: { ...text, maxLength: 9 }, whole: { ...whole, type: 'real' } })).toEqual(['text', 'whole']);
  expect(become({ text, whole, more: whole })).toEqual(['more']);
  const defaulted = { columns: { whole: { ...whole, default: 1 } } };
  const changed = { columns: { whole: { ...whole, default: 2 } } };
  expect(columnsThatBreak({ priority: 1, ...defaulted }, { priority: 1, ...changed })).toEqual(['whole']);
});

it('names a column null by default or never: on the wire, null stands for a value that is not there', () => {
  for (const [table, { columns }] of Object.entries<Table>(tables)) {
    for (const [name, { nullable, default: byDefault }] of Object.entries(columns)) {
      if (nullable) expect(byDefault ?? null, `${table}.${name}`).toBeNull();
    }
  }
});
