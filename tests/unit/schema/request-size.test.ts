/** What a person can write can be sent: the declaration's limits keep a change within the bound of a request. */
import { describe, expect, it } from 'vitest';
import type { Column } from '../../../src/schema/column.ts';
import { limits } from '../../../src/protocol/limits.ts';
import { columnsOf, syncOrder, tableOf } from '../../../src/schema/tables.ts';

/** The longest value as JSON: a control character takes six bytes, more than any other. */
function longest(column: Column): string | number {
  return column.type === 'text' ? '\u0001'.repeat(column.maxLength) : column.max;
}

describe('the largest change', () => {
  // The values of a conflict are copies of what was written elsewhere; nobody writes them.
  it.each(syncOrder.filter((table) => table !== 'conflict'))(
    'of %s fits into one request, however long its texts',
    (table) => {
      const columns = columnsOf(table).map((name) => [name, longest(tableOf(table)!.columns[name]!)] as const);
      const change = {
        table,
        id: 'x'.repeat(limits.idLength),
        values: Object.fromEntries(columns),
        base: Object.fromEntries(columns.map(([name, value]) => [name, [Number.MAX_SAFE_INTEGER, value]])),
        stamps: Object.fromEntries(columns.map(([name]) => [name, Number.MAX_SAFE_INTEGER])),
      };
      expect(Buffer.byteLength(JSON.stringify(change))).toBeLessThan(limits.requestBytes / 2);
    },
  );
});
