/** What the tables allow a person to write can always be sent: no record is too large for a request of its own. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/base/value.ts';
import { limits } from '../../../src/protocol/limits.ts';
import type { Change } from '../../../src/protocol/messages.ts';
import type { Column } from '../../../src/schema/column.ts';
import { tables } from '../../../src/schema/tables.ts';

/** What is longest as JSON, for its length in UTF-16 code units: six bytes each. */
const control = '\u0001';
const columnsOf = (table: keyof typeof tables): [string, Column][] => Object.entries<Column>(tables[table].columns);

function longestTyped(): number {
  const columns = Object.values(tables).flatMap((table) => Object.values<Column>(table.columns));
  return Math.max(...columns.map((column) => (column.type === 'text' && !column.computed ? column.maxLength : 0)));
}

/** A conflict keeps values as JSON, of what a person can type. */
function longestValue(table: keyof typeof tables, column: Column): Value {
  if (column.type !== 'text') return Number.MIN_SAFE_INTEGER;
  const typed = Math.min(column.maxLength, longestTyped());
  return table === 'conflict' && column.maxLength > typed
    ? JSON.stringify(control.repeat(typed))
    : control.repeat(column.maxLength);
}

describe('the longest record that the tables allow', () => {
  it.each(Object.keys(tables) as (keyof typeof tables)[])('fits in a request of its own: %s', (table) => {
    const values = Object.fromEntries(columnsOf(table).map(([name, column]) => [name, longestValue(table, column)]));
    const stamp = Number.MAX_SAFE_INTEGER;
    const change: Change = {
      ...{ table, id: control.repeat(limits.idLength), op: 'update', stamp, baseSeq: stamp, values },
      stamps: Object.fromEntries(Object.keys(values).map((name) => [name, stamp])),
    };
    // A conflict's values are never edited, so no base has them.
    const base = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [stamp, value] as const]));
    const sent = table === 'conflict' ? change : { ...change, base };
    expect(JSON.stringify(sent).length).toBeLessThan(limits.requestBytes * 0.9);
  });
});
