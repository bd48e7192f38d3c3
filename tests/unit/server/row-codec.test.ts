import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRow, encodeRow } from '../../../src/server/exchange/row-codec.ts';
import type { StoredRow } from '../../../src/sync/merge.ts';

const write = fc.record({
  stamp: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  device: fc.constantFrom('a', 'b', 'c'),
  seq: fc.integer({ min: 1, max: 5 }),
});
const name = fc.stringMatching(/^[a-z_]{1,8}$/);
const row: fc.Arbitrary<StoredRow> = fc.record({
  id: fc.constant('row'),
  seq: fc.integer({ min: 1, max: 1_000 }),
  deleted: fc.option(write),
  columns: fc.dictionary(
    name,
    fc
      .record({ value: fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.constant(null)) })
      .chain(({ value }) => write.map((parts) => ({ value, ...parts }))),
    { noNullPrototype: true },
  ),
  seen: fc.dictionary(name, fc.nat(), { noNullPrototype: true }),
});

describe('a stored row', () => {
  it('comes back from its two texts as it was', () => {
    fc.assert(
      fc.property(row, (stored) => {
        expect(decodeRow(stored.id, stored.seq, encodeRow(stored))).toEqual(stored);
      }),
    );
  });

  it('says once who wrote it when one change wrote it whole', () => {
    const written = { stamp: 5, device: 'a', seq: 1 };
    const columns = { x: { value: 1, ...written }, y: { value: 'é', ...written } };
    expect(encodeRow({ id: 'r', seq: 1, deleted: null, columns, seen: { a: 5 } })).toEqual({
      data: '{"x":1,"y":"é"}',
      meta: '{"w":[5,"a",1],"seen":{"a":5}}',
    });
  });
});
