/** What a row becomes where one deletes and another edits, or makes it anew. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConflictStrategy } from '../../../src/schema/column.ts';
import type { StrategyFor } from '../../../src/schema/policies.ts';
import type { StoredRow } from '../../../src/sync/merge.ts';
import { deletedRow, edit, madeRow, merge, note, word, type Push } from '../../support/merging.ts';

let made: StoredRow;
let deleted: StoredRow;
// Within each test: what runs outside of one counts, in the mutation tests, for all of them.
beforeEach(() => {
  made = madeRow();
  deleted = deletedRow();
});

describe('a deletion', () => {
  let edited: StoredRow;
  beforeEach(() => {
    edited = merge({ row: made, device: 'a', change: edit(30, 'theirs'), seq: 5 }).row!;
  });

  it('of what the device had seen leaves a tombstone that keeps the columns', () => {
    const merged = merge({ row: made, change: { op: 'delete', stamp: 40, baseSeq: 1 } });
    expect(merged).toMatchObject({ row: { seq: 50, deleted: { stamp: 40, seq: 50 } }, clean: true, conflicts: [] });
    expect(merged.row!.columns).toEqual(made.columns);
  });

  it('later than an edit that it did not know wins, and the edit is kept', () => {
    const merged = merge({ row: edited, change: { op: 'delete', stamp: 40, baseSeq: 1 } });
    expect(merged.row!.deleted).not.toBeNull();
    expect(merged.conflicts).toMatchObject([
      { column_name: 'note', kept_value: 'null', lost_value: '"theirs"', lost_device: 'a' },
    ]);
  });

  it('earlier than an edit that it did not know loses, and is told so', () => {
    const merged = merge({ row: edited, change: { op: 'delete', stamp: 20, baseSeq: 1 } });
    expect(merged).toMatchObject({
      row: { deleted: null, seq: 50 },
      result: { status: 'merged', seq: 0 },
      clean: false,
    });
    expect(merged.conflicts).toMatchObject([{ column_name: '', lost_value: 'null', lost_device: 'b' }]);
    expect(JSON.parse(String(merged.conflicts[0]!['kept_value']))).toBe('{"note":"theirs"}');
  });

  it.each<[ConflictStrategy, boolean, string]>([
    ['server_wins', false, 'decided'],
    ['manual_review', false, 'open'],
    ['local_wins', true, 'decided'],
  ])('against an edit that it did not know follows %s', (strategy, gone, state) => {
    const merged = merge({ row: edited, change: { op: 'delete', stamp: gone ? 20 : 40, baseSeq: 1 }, strategy });
    expect(merged.row!.deleted !== null).toBe(gone);
    expect(merged.conflicts[0]).toMatchObject({ state });
  });

  it('of what is deleted already changes nothing, and the later one counts', () => {
    const earlier = merge({ row: deleted, change: { op: 'delete', stamp: 15, baseSeq: 1 } });
    expect(earlier).toMatchObject({
      row: { seq: 2, deleted: { stamp: 20, device: 'a' } },
      result: { status: 'applied' },
      conflicts: [],
      clean: false,
    });
    const later = merge({ row: deleted, change: { op: 'delete', stamp: 25, baseSeq: 1 } });
    expect(later.row).toMatchObject({ seq: 2, deleted: { stamp: 25, device: 'b', seq: 2 } });
  });

  it('sent again after the row came back is a duplicate, and the row comes again', () => {
    const gone = merge({ row: made, change: { op: 'delete', stamp: 40, baseSeq: 1 }, seq: 3 }).row;
    const back = merge({
      row: gone,
      device: 'a',
      change: { op: 'insert', stamp: 60, values: word, baseSeq: 3 },
      seq: 4,
    }).row;
    const merged = merge({ row: back, change: { op: 'delete', stamp: 40, baseSeq: 1 }, seq: 9 });
    expect(merged).toMatchObject({ result: { status: 'duplicate' }, row: { seq: 9, deleted: null } });
  });
});

describe('an edit of a row that another deleted meanwhile', () => {
  it('brings the row back, if it is later; the device may not know all of it', () => {
    const merged = merge({ row: deleted, change: edit(30, 'still needed') });
    expect(merged.row).toMatchObject({ seq: 50, deleted: null, columns: { word: { value: 'perro' } } });
    expect(merged).toMatchObject({ result: { status: 'applied', seq: 0 }, clean: false });
    expect(note(merged)).toBe('still needed');
  });

  it('is kept in a conflict, if it is earlier', () => {
    const merged = merge({ row: deleted, change: edit(15, 'too early') });
    expect(merged).toMatchObject({ row: { deleted: { stamp: 20 }, seq: 50 }, result: { status: 'merged', seq: 0 } });
    expect(merged.conflicts).toMatchObject([
      { column_name: 'note', base_value: '""', kept_value: 'null', lost_value: '"too early"', lost_device: 'b' },
    ]);
  });

  it('is there all the same when another brings the row back, as if it had come before the deletion', () => {
    const fell = merge({ row: deleted, change: edit(15, 'too early'), seq: 3 }).row;
    const back: Push['change'] = { op: 'update', stamp: 30, baseSeq: 1, values: { translation: 'hound' } };
    const merged = merge({ row: fell, device: 'c', change: back });
    expect(merged.row).toMatchObject({ deleted: null, columns: { translation: { value: 'hound' } } });
    expect(note(merged)).toBe('too early');
  });

  it('is not there when the tombstone has a later one', () => {
    const later = merge({ row: made, device: 'c', change: edit(18, 'later'), seq: 2 }).row;
    const grave = merge({ row: later, device: 'a', change: { op: 'delete', stamp: 20, baseSeq: 2 }, seq: 3 }).row;
    const fell = merge({ row: grave, change: edit(15, 'too early'), seq: 4 });
    expect(note(fell)).toBe('later');
    expect(fell.conflicts.map((conflict) => conflict['lost_value'])).toEqual(['"too early"']);
  });

  it('leaves no trace of what the app computes', () => {
    const due: Push['change'] = { op: 'update', stamp: 15, baseSeq: 1, values: { due_at: 3 } };
    expect(merge({ row: deleted, change: due }).conflicts).toEqual([]);
  });

  it.each<[ConflictStrategy, boolean]>([
    ['server_wins', true],
    ['manual_review', true],
    ['local_wins', false],
  ])('follows %s', (strategy, gone) => {
    const merged = merge({ row: deleted, change: edit(gone ? 30 : 15, 'mine'), strategy });
    expect(merged.row!.deleted !== null).toBe(gone);
  });
});

describe('a row made anew', () => {
  it('after the device saw the deletion is whole and clean', () => {
    const merged = merge({ row: deleted, change: { op: 'insert', stamp: 30, values: word, baseSeq: 2 } });
    expect(merged).toMatchObject({ row: { deleted: null, seq: 50 }, clean: true, conflicts: [] });
  });

  it('after its own deletion stands, even before the server told of that', () => {
    const gone = merge({ row: made, change: { op: 'delete', stamp: 20, baseSeq: 1 }, seq: 3 }).row;
    const merged = merge({ row: gone, change: { op: 'insert', stamp: 30, values: word, baseSeq: 1 } });
    expect(merged).toMatchObject({ row: { deleted: null }, conflicts: [] });
  });

  it('brings back columns that fell with the deletion before', () => {
    const grave = merge({ row: null, device: 'a', change: { op: 'delete', stamp: 20 }, seq: 1 }).row;
    const fell = merge({ row: grave, change: { op: 'insert', stamp: 10, values: word }, seq: 2 }).row;
    const merged = merge({
      row: fell,
      change: { op: 'insert', stamp: 10, stamps: { note: 30 }, values: { ...word, note: 'again' } },
    });
    expect(merged.row).toMatchObject({
      deleted: null,
      columns: { word: { value: 'perro' }, note: { value: 'again' } },
    });
  });
});

/** The whole row follows one strategy, its columns another. */
const byRow =
  (whole: ConflictStrategy, columns: ConflictStrategy): StrategyFor =>
  (_, column) =>
    column === '' ? whole : columns;

describe('a deletion against edits of others', () => {
  it('loses when one of several edits is later', () => {
    const change: Push['change'] = {
      op: 'update',
      stamp: 30,
      stamps: { note: 30, translation: 15 },
      baseSeq: 1,
      values: { note: 'later', translation: 'earlier' },
    };
    const row = merge({ row: made, device: 'a', change, seq: 5 }).row;
    const merged = merge({ row, change: { op: 'delete', stamp: 20, baseSeq: 1 } });
    expect(merged.row!.deleted).toBeNull();
  });

  it('knows its own device: what that had edited before is no rival', () => {
    const row = merge({ row: made, change: edit(30, 'mine'), seq: 5 }).row;
    const merged = merge({ row, change: { op: 'delete', stamp: 40, baseSeq: 1 }, strategy: 'server_wins' });
    expect(merged).toMatchObject({ row: { deleted: { stamp: 40 } }, conflicts: [] });
  });

  it('is decided for the row, not for a column', () => {
    const row = merge({ row: made, device: 'a', change: edit(30, 'theirs'), seq: 5 }).row;
    const merged = merge({
      row,
      change: { op: 'delete', stamp: 20, baseSeq: 1 },
      strategy: byRow('local_wins', 'server_wins'),
    });
    expect(merged.row!.deleted).not.toBeNull();
    expect(merged.conflicts).toMatchObject([{ strategy: 'local_wins' }]);
  });

  it.each<ConflictStrategy>(['server_wins', 'manual_review'])(
    'stands under %s where nobody else edited',
    (strategy) => {
      const merged = merge({ row: made, change: { op: 'delete', stamp: 20, baseSeq: 1 }, strategy });
      expect(merged).toMatchObject({ row: { deleted: { stamp: 20 } }, conflicts: [] });
    },
  );

  it('keeps nothing of what the app computes', () => {
    const due: Push['change'] = { op: 'update', stamp: 30, baseSeq: 1, values: { due_at: 9, note: 'typed' } };
    const row = merge({ row: made, device: 'a', change: due, seq: 5 }).row;
    const merged = merge({ row, change: { op: 'delete', stamp: 40, baseSeq: 1 } });
    expect(merged.conflicts.map((conflict) => conflict['column_name'])).toEqual(['note']);
  });
});

describe('an edit against a deletion', () => {
  it('is decided for the row, not for a column', () => {
    const lost = merge({ row: deleted, change: edit(30, 'mine'), strategy: byRow('server_wins', 'local_wins') });
    expect(lost.row!.deleted).not.toBeNull();
    expect(lost.conflicts).toMatchObject([{ column_name: 'note', strategy: 'server_wins' }]);
    const won = merge({ row: deleted, change: edit(15, 'mine'), strategy: byRow('local_wins', 'server_wins') });
    expect(won.row!.deleted).toBeNull();
  });

  it.each<[string, Partial<Push>]>([
    ['that it knew of', { change: { op: 'insert', stamp: 15, values: word, baseSeq: 2 } }],
    ['of its own device', { device: 'a', change: { op: 'insert', stamp: 30, values: word, baseSeq: 1 } }],
  ])('%s brings the row back whatever the strategy', (_, push) => {
    const merged = merge({ row: deleted, change: { op: 'insert', stamp: 1 }, ...push, strategy: 'server_wins' });
    expect(merged).toMatchObject({ row: { deleted: null }, conflicts: [] });
  });
});
