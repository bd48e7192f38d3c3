/** Random rows, columns and values as the declaration allows them, of every table. */
import fc from 'fast-check';
import type { Value } from '../../src/base/value.ts';
import type { Column, Table, Values } from '../../src/schema/column.ts';
import { syncOrder, tables, type TableName } from '../../src/schema/tables.ts';

/** Texts stay short: what is tested does not depend on how long they are. */
const textLength = 12;

/** Tables whose rows are edited. */
export const editedTables: readonly TableName[] = syncOrder.filter((name) => !(tables[name] as Table).appendOnly);

export function anyValue(column: Column): fc.Arbitrary<Value> {
  const value = column.type === 'text' ? anyText(column) : anyNumber(column);
  return column.nullable ? fc.option<Value>(value, { freq: 4 }) : value;
}

/** Every column of a table; `other`: each value is another than there. */
export function anyRow(name: TableName, other: Values = {}): fc.Arbitrary<Record<string, Value>> {
  return valuesFor(name, Object.keys(tables[name].columns), other);
}

/** Values for some of the columns, one at least; `other`: each value is another than there. */
export function someValues(name: TableName, other: Values = {}): fc.Arbitrary<Record<string, Value>> {
  const some = fc.subarray(Object.keys(tables[name].columns), { minLength: 1 });
  return some.chain((chosen) => valuesFor(name, chosen, other));
}

function valuesFor(name: TableName, chosen: readonly string[], other: Values): fc.Arbitrary<Record<string, Value>> {
  const columns: Readonly<Record<string, Column>> = tables[name].columns;
  const value = (column: string): fc.Arbitrary<Value> =>
    anyValue(columns[column]!).filter((drawn) => !Object.hasOwn(other, column) || drawn !== other[column]);
  return fc.record(Object.fromEntries(chosen.map((column) => [column, value(column)])));
}

function anyText(column: Extract<Column, { type: 'text' }>): fc.Arbitrary<string> {
  if (column.enum) return fc.constantFrom(...column.enum);
  const minLength = column.minLength ?? 0;
  const maxLength = Math.min(column.maxLength, Math.max(minLength, textLength));
  // Units of the basic plane that are no surrogates, so that the length is the number of units.
  return fc.string({
    unit: fc.constantFrom('a', 'b', 'é', "'", '"', '\\', '\n', '漢', '\u200d'),
    minLength,
    maxLength,
  });
}

function anyNumber(column: Extract<Column, { type: 'integer' | 'real' }>): fc.Arbitrary<number> {
  const { min, max } = column;
  if (column.type === 'integer')
    return fc.oneof(
      fc.integer({ min, max: Math.min(max, min + 3) }),
      fc.maxSafeInteger().map((n) => clamp(n, min, max)),
    );
  return fc.double({ min, max, noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number));
}

function clamp(number: number, min: number, max: number): number {
  return min + (Math.abs(number) % (max - min + 1));
}
