/** What a row becomes by a change: new rows, edits, and conflicts of edits. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/protocol/messages.ts';
import type { ConflictStrategy } from '../../../src/schema/column.ts';
import type { StoredRow } from '../../../src/sync/merge.ts';
import { edit, madeRow, merge, note, word, type Push } from '../../support/merging.ts';

let made: StoredRow;
// Within each test: what runs outside of one counts, in the mutation tests, for all of them.
beforeEach(() => {
  made = madeRow();
});

it('a row remembers the 64 devices that wrote to it last, the present one among them', () => {
  const from = (device: number) => `d${String(device).padStart(3, '0')}`;
  let row = made;
  for (let device = 100; device < 163; device += 1) {
    row = merge({ row, device: from(device), change: edit(device, from(device), 0) }).row!;
  }
  expect(Object.keys(row.seen)).toHaveLength(64);
  row = merge({ row, device: 'late', change: edit(11, 'late', 0) }).row!;
  const names = Object.keys(row.seen);
  expect(names).toHaveLength(64);
  expect(names).toEqual(expect.arrayContaining(['late', from(100), from(162)]));
  expect(names).not.toContain('a');
  expect(merge({ row, device: 'late', change: edit(11, 'late', 0) }).result.status).toBe('duplicate');
  expect(merge({ row, device: from(162), change: edit(162, from(162), 0) }).result.status).toBe('duplicate');
});

it('a row forgets no device for a change of one that it remembers', () => {
  let row = made;
  for (let device = 100; device < 163; device += 1) {
    row = merge({ row, device: `d${device}`, change: edit(device, `d${device}`, 0) }).row!;
  }
  expect(Object.keys(row.seen)).toHaveLength(64);
  row = merge({ row, device: 'd130', change: edit(200, 'again', 0) }).row!;
  expect(Object.keys(row.seen)).toHaveLength(64);
  expect(Object.keys(row.seen)).toContain('a');
});

describe('a change of a row that the server does not have', () => {
  it('makes the row, if it is whole', () => {
    const merged = merge({ row: null, change: { op: 'insert', stamp: 10, values: word }, seq: 1 });
    expect(merged).toMatchObject({ result: { status: 'applied', seq: 1 }, conflicts: [], clean: true });
    expect(merged.row).toMatchObject({
      seq: 1,
      deleted: null,
      seen: { b: 10 },
      columns: { word: { value: 'perro', stamp: 10, device: 'b', seq: 1 } },
    });
  });

  it('has to come whole, if it is an edit', () => {
    expect(merge({ row: null, change: edit(10, 'x') })).toEqual({
      row: null,
      result: { status: 'resend', seq: 0 },
      conflicts: [],
      clean: false,
    });
  });

  it('leaves a tombstone, if it is a deletion', () => {
    const merged = merge({ row: null, change: { op: 'delete', stamp: 10 }, seq: 1 });
    expect(merged).toMatchObject({ row: { deleted: { stamp: 10, device: 'b' } }, result: { status: 'applied' } });
  });

  it('has to come whole, if only a tombstone without columns is left of it', () => {
    const grave = merge({ row: null, device: 'a', change: { op: 'delete', stamp: 10 }, seq: 1 }).row;
    expect(merge({ row: grave, change: edit(30, 'x') }).result.status).toBe('resend');
  });
});

describe('an edit', () => {
  it('of what the device had seen stands without a conflict', () => {
    const merged = merge({ row: made, change: edit(30, 'mine') });
    expect(merged).toMatchObject({ result: { status: 'applied', seq: 50 }, conflicts: [], clean: true });
    expect(note(merged)).toBe('mine');
  });

  it('leaves other columns and their writers alone', () => {
    const merged = merge({ row: made, change: edit(30, 'mine') });
    expect(merged.row!.columns['word']).toEqual(made.columns['word']);
  });

  it('of a row that others changed since the cursor is not clean: the row has to come', () => {
    const merged = merge({ row: { ...made, seq: 8 }, change: edit(30, 'mine'), cursor: 5 });
    expect(merged).toMatchObject({ result: { status: 'applied', seq: 0 }, clean: false });
  });

  it('sent again is a duplicate and changes nothing (I5)', () => {
    const first = merge({ row: made, change: edit(30, 'mine') }).row;
    expect(merge({ row: first, change: edit(30, 'mine'), seq: 51, cursor: 1 })).toEqual({
      row: null,
      result: { status: 'duplicate', seq: 0 },
      conflicts: [],
      clean: false,
    });
  });

  it('sent again after another replaced it makes no conflict, and the row comes again', () => {
    const mine = merge({ row: made, change: edit(30, 'mine') }).row;
    const theirs = merge({ row: mine, device: 'a', change: edit(40, 'theirs', 50), seq: 51 }).row;
    const merged = merge({ row: theirs, change: edit(30, 'mine'), seq: 52 });
    expect(merged).toMatchObject({ result: { status: 'duplicate' }, conflicts: [], row: { seq: 52 } });
    expect(note(merged)).toBe('theirs');
  });

  it('of the same value as another made is no conflict', () => {
    const theirs = merge({ row: made, device: 'a', change: edit(40, 'same'), seq: 5 }).row;
    const merged = merge({ row: theirs, change: edit(30, 'same') });
    expect(merged).toMatchObject({
      result: { status: 'applied', seq: 5 },
      conflicts: [],
      clean: false,
      row: { seq: 5 },
    });
    expect(merged.row!.columns['note']).toMatchObject({ stamp: 40, device: 'a', seq: 5 });
  });

  it('that makes a row anew just as it was tells which sequence it holds, also when it is sent again', () => {
    const push = { change: { op: 'insert', stamp: 30, values: word } as const, device: 'a', cursor: 1 };
    const merged = merge({ ...push, row: made });
    expect(merged).toMatchObject({ result: { status: 'applied', seq: 1 }, clean: false, row: { seq: 1 } });
    expect(merge({ ...push, row: merged.row })).toMatchObject({ result: { status: 'duplicate', seq: 1 }, row: null });
    expect(merge({ ...push, row: merged.row, cursor: 0 })).toMatchObject({ result: { status: 'duplicate', seq: 0 } });
  });

  it('of the same value but later keeps the later stamp', () => {
    const theirs = merge({ row: made, device: 'a', change: edit(30, 'same'), seq: 5 }).row;
    const merged = merge({ row: theirs, change: edit(40, 'same') });
    expect(merged.row!.columns['note']).toMatchObject({ stamp: 40, device: 'b', seq: 5 });
  });

  it('takes the base of each column, where they differ', () => {
    const theirs = merge({ row: made, device: 'a', change: edit(30, 'theirs'), seq: 5 }).row;
    const merged = merge({
      row: theirs,
      change: { op: 'update', stamp: 40, baseSeq: 1, values: { note: 'mine' }, base: { note: [5, 'theirs'] } },
    });
    expect(merged.conflicts).toEqual([]);
  });
});

describe('two edits of one column that did not know of each other', () => {
  let theirs: StoredRow;
  beforeEach(() => {
    theirs = merge({ row: made, device: 'a', change: edit(30, 'theirs'), seq: 5 }).row!;
  });
  const conflict = {
    table_name: 'vocabulary_item',
    row_id: 'w',
    column_name: 'note',
    base_value: '""',
    decided_at: 7_000,
  };

  it.each<[ConflictStrategy, number, string, string, string]>([
    ['latest_timestamp', 40, 'mine', 'theirs', 'decided'],
    ['latest_timestamp', 20, 'theirs', 'mine', 'decided'],
    ['server_wins', 40, 'theirs', 'mine', 'decided'],
    ['local_wins', 20, 'mine', 'theirs', 'decided'],
    ['manual_review', 40, 'theirs', 'mine', 'open'],
  ])('under %s, sent with stamp %i: %s stands, %s is kept', (strategy, stamp, kept, lost, state) => {
    const merged = merge({ row: theirs, change: edit(stamp, 'mine'), strategy });
    expect(note(merged)).toBe(kept);
    expect(merged.conflicts).toEqual([
      {
        ...conflict,
        strategy,
        state,
        kept_value: JSON.stringify(kept),
        lost_value: JSON.stringify(lost),
        lost_device: lost === 'mine' ? 'b' : 'a',
      },
    ]);
    const won = kept === 'mine';
    expect(merged.result).toEqual({ status: won ? 'applied' : 'merged', seq: won ? 50 : 0 });
    expect(merged.clean).toBe(won);
    // What lost has to reach the device that sent it.
    expect(merged.row!.seq).toBe(50);
  });

  it('with one stamp are decided by the device, the same way whichever comes first', () => {
    const second = merge({ row: theirs, device: 'b', change: edit(30, 'of b') });
    const ofB = merge({ row: made, device: 'b', change: edit(30, 'of b'), seq: 5 }).row;
    const first = merge({ row: ofB, device: 'a', change: edit(30, 'theirs') });
    expect(note(second)).toBe('of b');
    expect(note(first)).toBe('of b');
  });

  it('keep no loser of a column that the app computes', () => {
    const due = (stamp: number, due_at: number): Push['change'] => ({
      op: 'update',
      stamp,
      baseSeq: 1,
      values: { due_at },
    });
    const first = merge({ row: made, device: 'a', change: due(30, 100), seq: 5 }).row;
    const merged = merge({ row: first, change: due(40, 200) });
    expect(merged.row!.columns['due_at']!.value).toBe(200);
    expect(merged.conflicts).toEqual([]);
  });
});

describe('one row made by two devices', () => {
  it('is one row, column by column', () => {
    const mine = { ...word, translation: 'hound', note: 'mine' };
    const merged = merge({ row: made, change: { op: 'insert', stamp: 5, values: mine } });
    expect(merged.row!.columns['translation']!.value).toBe('dog');
    expect(merged.conflicts.map((conflict) => conflict['lost_value'])).toEqual(['"hound"', '"mine"']);
  });

  it('that is already the same makes no conflict', () => {
    expect(merge({ row: made, change: { op: 'insert', stamp: 5, values: word } }).conflicts).toEqual([]);
  });

  it('takes only what is new of an insert that was edited after a first try', () => {
    const first = merge({ row: null, change: { op: 'insert', stamp: 10, values: word }, seq: 1 }).row;
    const theirs = merge({
      row: first,
      device: 'a',
      change: { ...edit(20, 'theirs'), values: { translation: 'hound' } },
      seq: 2,
    }).row;
    const merged = merge({
      row: theirs,
      change: { op: 'insert', stamp: 10, stamps: { note: 30 }, values: { ...word, note: 'later' } },
    });
    expect(note(merged)).toBe('later');
    expect(merged.row!.columns['translation']!.value).toBe('hound');
    expect(merged.conflicts).toEqual([]);
    // The device holds its own translation still.
    expect(merged.clean).toBe(false);
  });
});

describe('what the device knew of a column', () => {
  it('is kept with the conflict: its value then, or nothing where the device did not say', () => {
    const theirs = merge({ row: made, device: 'a', change: edit(30, 'theirs'), seq: 5 }).row;
    const change: Push['change'] = { op: 'update', stamp: 20, baseSeq: 1, values: { note: 'mine' } };
    const base = (known: Change['base'] | undefined) =>
      merge({ row: theirs, change: { ...change, ...(known && { base: known }) } }).conflicts[0]!['base_value'];
    expect(base({ note: [1, 'before'] })).toBe('"before"');
    expect(base({ word: [1, 'perro'] })).toBe('null');
    expect(base(undefined)).toBe('null');
  });

  it('may be less than this version has: what the row lacks does not stand', () => {
    const { note: _, ...columns } = merge({ row: made, change: edit(30, 'mine'), seq: 5 }).row!.columns;
    const row = { ...made, seq: 5, columns, seen: { a: 10, b: 30 } };
    expect(merge({ row, change: edit(30, 'mine') })).toMatchObject({
      result: { status: 'duplicate', seq: 0 },
      row: { seq: 50 },
    });
  });

  it.each<[string, Partial<Change>]>([
    ['a table', { table: 'of_a_later_version' }],
    ['a column', { values: { of_a_later_version: 'mine' }, base: {} }],
  ])('may be %s that this version does not know: it is taken for typed', (_, parts) => {
    const column = Object.keys(parts.values ?? { note: '' })[0]!;
    const theirs = { ...edit(30, 'theirs'), ...parts, ...(parts.values && { values: { [column]: 'theirs' } }) };
    const row = merge({ row: made, device: 'a', change: theirs, seq: 5 }).row;
    const merged = merge({ row, change: { ...edit(40, 'mine'), ...parts } });
    expect(merged.conflicts).toMatchObject([{ column_name: column, lost_value: '"theirs"' }]);
  });
});
