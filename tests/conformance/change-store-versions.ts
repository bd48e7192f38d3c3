/** What every `ChangeStore` does for apps that know more than the server, and for those that know less. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import type { Change } from '../../src/protocol/messages.ts';
import { schemaVersion } from '../../src/schema/tables.ts';
import type { ChangeStore, Pulled, Push } from '../../src/server/change-store.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { rowsOf, settingInsert, settingUpdate, testTime } from '../support/server-requests.ts';

type Device = (parts?: Partial<Push>) => Promise<Pulled>;

const device =
  (store: ChangeStore, name: string, schema: number): Device =>
  async (parts = {}) => {
    const exchanged = await store.exchange({
      ...{ user: 'u1', device: name, schema, session: null, writers: [], epoch: '', cursor: 0, known: 0 },
      ...{ changes: [], limit: 10_000, now: testTime },
      ...parts,
    });
    if (!exchanged.ok) throw new Error(`refused: ${exchanged.error.code}`);
    return exchanged.value;
  };

/** A setting with a column that the server does not know. */
const coloured = (id: string, colour: unknown, parts: Partial<Change> = {}): Change =>
  settingInsert(id, '1', { values: { key: id, value: '1', colour } as Change['values'] & {}, ...parts });

const sticker = (id: string, values: Change['values'] & {}, parts: Partial<Change> = {}): Change => ({
  ...settingInsert(id, ''),
  table: 'sticker',
  values,
  ...parts,
});

export function describeVersions(name: string, open: () => Promise<ChangeStore>): void {
  const devices = async () => {
    const store = await open();
    return {
      newer: device(store, 'newer', schemaVersion + 1),
      newest: device(store, 'newest', schemaVersion + 2),
      present: device(store, 'present', schemaVersion),
    };
  };

  describe(`${name}: a newer app`, () => {
    it('keeps columns and tables here that are not known here, for apps that are newer too', async () => {
      const { newer, newest, present } = await devices();
      const pushed = await newer({ changes: [coloured('a', 'red'), sticker('s', { shape: 'star', size: 2.5 })] });
      expect(pushed.results).toEqual([
        { status: 'applied', seq: 1 },
        { status: 'applied', seq: 2 },
      ]);
      const pulled = await newest();
      expect(rowsOf(pulled, 'setting')).toEqual({ a: { key: 'a', value: '1', colour: 'red' } });
      expect(rowsOf(pulled, 'sticker')).toEqual({ s: { shape: 'star', size: 2.5 } });
      const known = await present();
      expect(known.changes.map(({ table, columns }) => [table, columns])).toEqual([['setting', ['key', 'value']]]);
      expect(known).toMatchObject({ cursor: 2, more: false });
    });

    it('finds its columns untouched by what an older one edits, and absent in what that adds', async () => {
      const { newer, newest, present } = await devices();
      await newer({ changes: [coloured('a', 'red')] });
      const edited = await present({ cursor: 1, changes: [settingUpdate('a', '2'), settingInsert('b', '1')] });
      expect(edited.results).toEqual([
        { status: 'applied', seq: 2 },
        { status: 'applied', seq: 3 },
      ]);
      expect(rowsOf(await newest(), 'setting')).toEqual({
        a: { key: 'a', value: '2', colour: 'red' },
        b: { key: 'b', value: '1', colour: null },
      });
    });

    it('has its columns merged by the later stamp, with the loser kept', async () => {
      const { newer, newest } = await devices();
      await newer({ changes: [coloured('a', 'red')] });
      const edit = (colour: string, tick: number) =>
        settingUpdate('a', '', { values: { colour }, base: { colour: [1, 'red'] }, stamp: stampAt(testTime) + tick });
      await newest({ cursor: 1, changes: [edit('blue', 9)] });
      const lost = await newer({ cursor: 1, changes: [edit('green', 5)] });
      expect(lost.results[0]?.status).toBe('merged');
      expect(rowsOf(lost, 'setting')['a']).toMatchObject({ colour: 'blue' });
      expect(Object.values(rowsOf(lost, 'conflict'))).toMatchObject([
        { column_name: 'colour', base_value: '"red"', kept_value: '"blue"', lost_value: '"green"', state: 'decided' },
      ]);
    });

    it('deletes and brings back rows of its tables', async () => {
      const { newer, newest } = await devices();
      await newer({ changes: [sticker('s', { shape: 'star' })] });
      const gone = sticker('s', {}, { op: 'delete', baseSeq: 1, stamp: stampAt(testTime) + 3 });
      const { values: _, ...deletion } = gone;
      await newer({ cursor: 1, changes: [deletion] });
      expect(rowsOf(await newest(), 'sticker')).toEqual({ s: null });
      const again = sticker('s', { shape: 'moon' }, { op: 'update', baseSeq: 2, stamp: stampAt(testTime) + 5 });
      await newer({ cursor: 2, changes: [again] });
      expect(rowsOf(await newest(), 'sticker')).toEqual({ s: { shape: 'moon' } });
    });

    it('may have widened a column: a longer text and another choice are kept', async () => {
      const { newer, newest } = await devices();
      const long = 'x'.repeat(5_000);
      const progress = {
        ...settingInsert('p', ''),
        table: 'learning_progress',
        values: { language: 'es', skill: 'singing' },
      };
      const { results } = await newer({ changes: [settingInsert('a', long), progress] });
      expect(results.map(({ status }) => status)).toEqual(['applied', 'applied']);
      expect(rowsOf(await newest(), 'setting')['a']).toMatchObject({ value: long });
    });

    it('is refused what no version would send, change by change', async () => {
      const { newer, present } = await devices();
      const wide = (from: number, count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${from + at}`, at]));
      const refused: [Change, object][] = [
        [{ ...settingInsert('a', '1'), table: 'Sticker' }, { code: 'unknown_table' }],
        [{ ...settingInsert('a', '1'), table: '_rows' }, { code: 'unknown_table' }],
        [{ ...settingInsert('a', '1'), table: 'constructor' }, { code: 'unknown_table' }],
        [{ ...settingInsert('a', '1'), table: 't'.repeat(41) }, { code: 'unknown_table' }],
        ...['id', '_seq', 'constructor', 'Colour', 'a b'].map((column): [Change, object] => [
          settingInsert('a', '1', { values: { key: 'a', value: '1', [column]: 'x' } }),
          { code: 'unknown_column', column },
        ]),
        [coloured('a', 'x'.repeat(limits.unknownText + 1)), { code: 'invalid_value', column: 'colour' }],
        [coloured('a', '\uD800'), { code: 'invalid_value', column: 'colour' }],
        [settingInsert('a', '1', { values: { key: 'a', value: 4 } }), { code: 'invalid_value', column: 'value' }],
        [settingInsert('a', '1', { values: { key: 'a', colour: 'x' } }), { code: 'missing_column', column: 'value' }],
      ];
      const { results } = await newer({ changes: refused.map(([change]) => change) });
      expect(results.map(({ error }) => error)).toEqual(refused.map(([, error]) => error));
      await newer({ changes: [settingInsert('a', '1')] });
      const widening = [60, 39].map((count, step) =>
        settingUpdate('a', '', { values: wide(step * 60, count), stamp: stampAt(testTime) + step + 1 }),
      );
      const widened = await newer({ cursor: 1, changes: widening });
      expect(widened.results.map(({ status, error }) => error?.code ?? status)).toEqual(['applied', 'invalid_change']);
      expect((await present({ changes: [coloured('b', 'red')] })).results).toEqual([
        { status: 'rejected', seq: 0, error: { code: 'unknown_column', column: 'colour' } },
      ]);
    });

    it('is refused more tables in a push than any version adds, and only those', async () => {
      const { newer } = await devices();
      const changes = Array.from({ length: limits.unknownTables + 2 }, (_, at) =>
        sticker('s', { shape: 'star' }, { table: `t${at}` }),
      );
      const { results } = await newer({ changes: [...changes, settingInsert('a', '1')] });
      expect(results.filter(({ error }) => error?.code === 'unknown_table')).toHaveLength(2);
      expect(results.at(-1)?.status).toBe('applied');
    });
  });

  describe(`${name}: an older app`, () => {
    it('adds a row without the columns that came since', async () => {
      const store = await open();
      const older = device(store, 'older', schemaVersion - 1);
      const row = { language: 'es', word: 'casa', translation: 'house', created_at: 1, due_at: 1 };
      const { results } = await older({
        changes: [{ ...settingInsert('w', ''), table: 'vocabulary_item', values: row }],
      });
      expect(results).toEqual([{ status: 'applied', seq: 1 }]);
      const pulled = rowsOf(await device(store, 'present', schemaVersion)(), 'vocabulary_item')['w'];
      expect(pulled).toMatchObject({ ...row, note: '', reps: 0, last_review_at: null });
    });
  });
}
