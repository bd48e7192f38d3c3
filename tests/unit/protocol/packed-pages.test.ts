/** Pulled rows as bytes: what is packed comes back, and what is not what was packed is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/base/value.ts';
import type { RowPage } from '../../../src/protocol/messages.ts';
import {
  isPacked,
  packPages,
  splitHead,
  unpackPages,
  unpackParts,
  withHead,
} from '../../../src/protocol/packed-pages.ts';
import { parsePackedReply } from '../../../src/protocol/parse-reply.ts';
import { damagedBytes } from '../../support/malformed.ts';
import { holds } from '../../support/property.ts';

/** The page that a reader of packed rows sees, as a plain one. */
function plain({ table, ids, seqs, deleted, columns, values }: RowPage): RowPage {
  return { table, ids, seqs, deleted, columns, values };
}

function backAndForth(...pages: RowPage[]): RowPage[] | undefined {
  return unpackPages(packPages(pages)!)?.map(plain);
}

function pageOf(values: Readonly<Record<string, readonly Value[]>>, deleted: readonly number[] = []): RowPage {
  const rows = Object.values(values)[0]!.length;
  return {
    table: 'word',
    ids: Array.from({ length: rows }, (_, row) => `id-${row}`),
    seqs: Array.from({ length: rows }, (_, row) => 10 + 3 * row),
    deleted,
    columns: Object.keys(values),
    values: Object.values(values),
  };
}

const text = fc.string({ unit: 'binary', maxLength: 6 });
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -1e6, max: 1e6 }).map((value) => value / 1_000),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
);
const column = (rows: number) =>
  fc.oneof(
    ...[text, number, fc.integer({ min: 0, max: 3 }), fc.oneof(text, number, fc.constant(null))].map((value) =>
      fc.array<Value>(value, { minLength: rows, maxLength: rows }),
    ),
  );
const anyPage = fc.integer({ min: 1, max: 9 }).chain((rows) =>
  fc.record<RowPage>({
    table: fc.constantFrom('word', 'setting'),
    ids: fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), { minLength: rows, maxLength: rows }),
    seqs: fc.array(fc.integer({ min: 1, max: 2 ** 50 }), { minLength: rows, maxLength: rows }),
    deleted: fc.constant([]),
    columns: fc.constant(['a', 'b']),
    values: fc.tuple(column(rows), column(rows)),
  }),
);

describe('packed pages', () => {
  it('come back as they were, whatever they hold', () => {
    holds(
      fc.property(fc.array(anyPage, { maxLength: 3 }), (pages) => {
        expect(backAndForth(...pages)).toEqual(pages);
      }),
    );
  });

  it.each<[string, readonly Value[]]>([
    ['one value', ['es', 'es', 'es']],
    ['nothing', [null, null, null]],
    ['texts of one length', ['abc', 'def', 'ghi']],
    ['texts with letters of one to four bytes', ['a', 'é', '漢', '🦜']],
    ['a byte order mark', ['\ufeffa', 'b']],
    ['times', [1_735_689_600_000, 1_735_689_660_000, 1_735_689_600_001]],
    ['numbers that fall', [5, 4, -3]],
    ['numbers that rise by the same', [100_000, 200_000, 300_000]],
    ['decimals', [1.25, 0.1, 99.123]],
    ['fractions', [1 / 3, 2 / 3, 1e300]],
    ['whole numbers beyond half of the safe ones', [2 ** 52, -(2 ** 52), 3]],
    ['texts and nothing', ['a', null, 'b']],
    ['a text without its other half', ['a', '\ud800', 'b']],
    ['halves of a letter that meet', ['\ud83e', '\udd9c']],
  ])('keep a column of %s', (_, values) => {
    expect(backAndForth(pageOf({ a: values }))).toEqual([pageOf({ a: values })]);
  });

  it('keep zero for a negative zero, as JSON does', () => {
    expect(backAndForth(pageOf({ a: [-0, 1] }))?.[0]?.values[0]?.map((value) => Object.is(value, -0))).toEqual([
      false,
      false,
    ]);
  });

  it('leave nothing of a deleted row but that it is deleted', () => {
    const some = pageOf({ a: [null, 'x', null, 'y'], b: [null, 1, null, 2] }, [0, 2]);
    const all = pageOf({ a: [null, null] }, [0, 1]);
    expect(backAndForth(some, all)).toEqual([some, all]);
    const [page] = unpackPages(packPages([some])!)!;
    expect(page!.cells.columns.map(({ kind }) => kind)).toEqual(['texts', 'numbers']);
  });

  it('may have as many rows as bytes', () => {
    const page: RowPage = { table: 'word', ids: ['a'], seqs: [5], deleted: [], columns: [], values: [] };
    expect(backAndForth(page)).toEqual([page]);
  });

  it('leave out a page without rows', () => {
    expect(backAndForth(pageOf({ a: [] }), pageOf({ a: [1] }))).toEqual([pageOf({ a: [1] })]);
  });

  it('have their columns as they came', () => {
    const [page] = unpackPages(packPages([pageOf({ a: ['é', 'b'], b: [1, 2] })])!)!;
    expect(isPacked(page!)).toBe(true);
    expect(isPacked(pageOf({ a: [1] }))).toBe(false);
    expect(page!.cells.columns[0]).toMatchObject({ kind: 'texts', ends: Uint32Array.of(2, 3) });
    expect(page!.cells.columns[1]).toEqual({ kind: 'numbers', values: Float64Array.of(1, 2) });
    expect(page!.ids).toBe(page!.ids);
  });

  it('are not made of ids for which there are no bytes', () => {
    expect(packPages([{ ...pageOf({ a: [1] }), ids: ['\ud800'] }])).toBeNull();
  });

  it('take less than a third of their JSON where columns have something in common', () => {
    const rows = Array.from({ length: 1_000 }, (_, row) => row);
    const page = pageOf({
      language: rows.map(() => 'es'),
      created_at: rows.map((row) => 1_735_689_600_000 + row * 60_000),
      stability: rows.map((row) => ((row * 7_919) % 100_000) / 1_000),
    });
    expect(packPages([page])!.length).toBeLessThan(JSON.stringify([page]).length / 3);
  });
});

describe('bytes that are no packed pages', () => {
  const head = { table: 't', rows: 2, deleted: [], columns: ['a'], forms: [['texts', 2, ['ints', 1, 1, 1, 0, false]]] };
  const seqs = ['ints', 1, 1, 1, 1, false];
  const whole = (parts: object, bytes: readonly number[] = [97, 98, 0, 1]) =>
    withHead([{ ...head, ...parts }], [Uint8Array.from(bytes)]);
  const formed = (form: unknown, bytes: readonly number[] = []) =>
    whole({ forms: [...head.forms, seqs, form] }, [97, 98, 0, 1, ...bytes]);

  it('are refused, those that are right are not', () => {
    expect(unpackPages(formed(['same', 5]))?.map(plain)).toEqual([
      { table: 't', ids: ['a', 'b'], seqs: [1, 2], deleted: [], columns: ['a'], values: [[5, 5]] },
    ]);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a head that is cut', withHead([], []).subarray(0, 5)],
    ['a head that is shorter than it says', Uint8Array.of(3, 0, 0, 0, 91, 93)],
    ['a head that is no JSON', Uint8Array.of(1, 0, 0, 0, 123)],
    ['a head that is no UTF-8', Uint8Array.of(1, 0, 0, 0, 0xff)],
    ['a head that is no list', withHead({}, [])],
    ['bytes that are too many', withHead([], [new Uint8Array(1)])],
    ['a page that is none', withHead([null], [])],
    ['a page that is text', withHead(['x'], [])],
    ['no table', formedWith({ table: 1 })],
    ['more rows than bytes', formedWith({ rows: 1e9 })],
    ['half a row', formedWith({ rows: 1.5 })],
    ['a deletion of no row', formedWith({ deleted: [2] })],
    ['a deletion of half a row', formedWith({ deleted: [0.5] })],
    ['a deletion before the first row', formedWith({ deleted: [-1] })],
    ['deletions that are no list', formedWith({ deleted: 1 })],
    ['a column without a name', formedWith({ columns: [1] })],
    [
      'one column of two without a name',
      formedWith({ columns: ['a', 1], forms: [...head.forms, seqs, ['same', 1], ['same', 1]] }),
    ],
    ['columns that are no list', formedWith({ columns: 'a' })],
    ['forms that are no list', formedWith({ forms: null })],
    ['a form too few', formedWith({ forms: [...head.forms, seqs] })],
    ['ids that are numbers', formedWith({ forms: [seqs, seqs, ['same', 1]] })],
    ['sequences that are texts', formedWith({ forms: [...head.forms, ['same', 'x'], ['same', 1]] })],
    ['a sequence of zero', formedWith({ forms: [...head.forms, ['ints', 0, 1, 1, 1, false], ['same', 1]] })],
    ['a sequence with a fraction', formedWith({ forms: [...head.forms, ['ints', 1, 1, 10, 1, false], ['same', 1]] })],
    ['a form that is none', formed(null)],
    ['a form of no kind', formed(['x'])],
    ['a form of no kind with all of a number', formed(['x', 0, 1, 1, 1, false], [1, 2])],
    ['a value of no kind', formed(['same', {}])],
    ['a number without a base', formed(['ints', 'x', 1, 1, 1, false], [1, 2])],
    ['a number without a unit', formed(['ints', 0, 0.5, 1, 1, false], [1, 2])],
    ['halves that make whole numbers', formed(['ints', 0, 0.5, 1, 1, false], [2, 4])],
    ['a number of no scale', formed(['ints', 0, 1, 3, 1, false], [1, 2])],
    ['a number of too many bytes', formed(['ints', 0, 1, 1, 8, false], [])],
    ['a number that may rise', formed(['ints', 0, 1, 1, 1, 1], [1, 2])],
    ['a number out of bounds', formed(['ints', Number.MAX_SAFE_INTEGER, 1, 1, 1, true], [1, 2])],
    ['numbers that are cut', formed(['ints', 0, 1, 1, 1, false], [1])],
    ['long numbers that are cut', formed(['doubles'], [1])],
    ['a number that is none', formed(['doubles'], [...Array<number>(14).fill(0), 0xf0, 0x7f])],
    ['texts without lengths', formed(['texts', 2, null], [97, 98])],
    ['texts without a size', formed(['texts', 'x', ['ints', 1, 1, 1, 0, false]], [97, 98])],
    ['texts that are cut', formed(['texts', 2, ['ints', 1, 1, 1, 0, false]], [97])],
    ['texts that are longer than they say', formed(['texts', 3, ['ints', 1, 1, 1, 0, false]], [97, 98, 99])],
    ['texts that are shorter than they say', formed(['texts', 1, ['ints', 1, 1, 1, 0, false]], [97])],
    ['a text that ends before it begins', formed(['texts', 2, ['ints', -1, 4, 1, 1, false]], [0, 1, 97, 98])],
    ['half a letter and one and a half', formed(['texts', 2, ['ints', 5, 10, 10, 1, false]], [0, 1, 97, 98])],
    ['a text of less than nothing', formed(['texts', 2, ['ints', 3, -4, 1, 1, false]], [0, 1, 97, 98])],
    ['a text that begins within a letter', formed(['texts', 2, ['ints', 1, 1, 1, 0, false]], [0xc3, 0xa9])],
    ['texts that are no UTF-8', formed(['texts', 2, ['ints', 1, 1, 1, 0, false]], [97, 0xff])],
    ['JSON that is none', formed(['json', 1], [123])],
    ['JSON without a size', formed(['json', -1], [])],
    ['JSON of other rows', formed(['json', 3], [...Buffer.from('[1]')])],
    ['JSON that is no list', formed(['json', 1], [...Buffer.from('1')])],
    ['JSON of what is no value', formed(['json', 7], [...Buffer.from('[1,{}] ')])],
    ['JSON of a number without bounds', formed(['json', 9], [...Buffer.from('[1,1e999]')])],
  ])('%s', (_, bytes) => {
    expect(unpackPages(bytes)).toBeNull();
  });

  function formedWith(parts: object): Uint8Array {
    return whole({ forms: [...head.forms, seqs, ['same', 1]], ...parts });
  }

  it('have no head when it is no UTF-8', () => {
    expect(splitHead(Uint8Array.of(1, 0, 0, 0, 0xff)).head).toBeUndefined();
  });

  it('are refused or hold what a page may hold, however they were damaged', () => {
    const page = pageOf({ a: ['é', 'b', 'c'], b: [1, 2.5, null], c: [1, 5, 2], d: ['x', null, 'y'] }, [1]);
    holds(
      fc.property(damagedBytes(packPages([page, page])!), (bytes) => {
        for (const { ids, seqs, values, deleted, columns } of unpackPages(bytes) ?? []) {
          expect(values).toHaveLength(columns.length);
          expect(seqs.every((seq) => Number.isSafeInteger(seq) && seq > 0)).toBe(true);
          for (const all of [ids, ...values]) expect(all).toHaveLength(seqs.length);
          expect(ids.every((id) => typeof id === 'string')).toBe(true);
          expect(deleted.every((row) => row < seqs.length)).toBe(true);
          const kinds = new Set(values.flat().map((value) => (value === null ? 'null' : typeof value)));
          expect([...kinds].every((kind) => ['null', 'string', 'number'].includes(kind))).toBe(true);
        }
      }),
    );
  });
});

describe('several bodies', () => {
  const bodies = [pageOf({ a: [1, 2] }), pageOf({ a: [3] })].map((page) => packPages([page])!);

  it('are read one after the other', () => {
    expect(unpackParts(bodies)?.map(plain)).toEqual(bodies.flatMap((body) => unpackPages(body)!.map(plain)));
    expect(unpackParts([])).toEqual([]);
  });

  it('are all refused when one of them is damaged', () => {
    expect(unpackParts([bodies[0]!, bodies[1]!.slice(1)])).toBeNull();
  });
});

describe('a packed reply', () => {
  const reply = {
    ...{ results: [], changes: [], cursor: 1, epoch: 'e', head: 1, more: false, clock: 0, serverTime: 0 },
  };

  it('is its JSON with the rows behind it', () => {
    const rows = packPages([pageOf({ a: [1, 2] })])!;
    expect(parsePackedReply(withHead(reply, [rows]))).toEqual({ ok: true, value: { ...reply, packed: [rows] } });
    expect(splitHead(withHead(reply, [rows])).rest).toEqual(rows);
  });

  it('is refused when its JSON is no reply', () => {
    expect(parsePackedReply(withHead({ ...reply, cursor: -1 }, []))).toMatchObject({ error: { code: 'bad_reply' } });
    expect(parsePackedReply(new Uint8Array(2))).toMatchObject({ error: { code: 'bad_reply' } });
  });

  it('never has its rows in the JSON', () => {
    expect(parsePackedReply(withHead({ ...reply, packed: {} }, []))).toMatchObject({ error: { detail: 'packed' } });
  });
});
