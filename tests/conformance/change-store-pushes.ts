/** What every `ChangeStore` makes of the changes that it is sent. */
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/protocol/messages.ts';
import type { ChangeStore } from '../../src/server/change-store.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { rowsOf, settingInsert, settingUpdate, testTime } from '../support/server-requests.ts';
import { deletion, push, word } from '../support/store-pushes.ts';

type Open = () => Promise<ChangeStore>;

export function describePushes(name: string, openStore: Open): void {
  describe(`${name}: a push`, () => {
    it('stores an inserted row and gives it to another device', async () => {
      const store = await openStore();
      const pushed = await push(store, { changes: [settingInsert('theme', 'dark')] });
      expect(pushed.results).toEqual([{ status: 'applied', seq: 1 }]);
      expect(pushed).toMatchObject({ head: 1, changed: true, cursor: 1, more: false });
      const pulled = await push(store, { device: 'device-b' });
      expect(rowsOf(pulled, 'setting')).toEqual({ theme: { key: 'theme', value: 'dark' } });
      expect(pulled).toMatchObject({ cursor: 1, more: false, head: 1, changed: false });
    });

    it('leaves out of the pull what the device itself just sent, and moves its cursor past it', async () => {
      const store = await openStore();
      const pushed = await push(store, { changes: [settingInsert('a', '1'), settingInsert('b', '2')] });
      expect(pushed.changes).toEqual([]);
      expect(pushed.cursor).toBe(2);
    });

    it('gives the row back when another device had changed a column of it that the sender does not know of', async () => {
      const store = await openStore();
      await push(store, { changes: [word('w', { word: 'casa', translation: 'house' })] });
      await push(store, {
        device: 'device-b',
        cursor: 1,
        changes: [wordUpdate('w', { note: 'from b' }, { baseSeq: 1 })],
      });
      const late = await push(store, {
        cursor: 1,
        changes: [wordUpdate('w', { translation: 'home' }, { baseSeq: 1, stamp: stampAt(testTime) + 5 })],
      });
      expect(late.results[0]?.status).toBe('applied');
      expect(rowsOf(late, 'vocabulary_item')['w']).toMatchObject({ translation: 'home', note: 'from b' });
    });

    it('sent twice changes nothing the second time and makes no conflict', async () => {
      const store = await openStore();
      const changes = [settingInsert('theme', 'dark')];
      const first = await push(store, { changes });
      const second = await push(store, { changes });
      expect(second.results).toEqual([{ status: 'duplicate', seq: 0 }]);
      expect(second).toMatchObject({ head: first.head, changed: false });
      expect(rowsOf(second, 'setting')).toEqual({ theme: { key: 'theme', value: 'dark' } });
      expect(rowsOf(second, 'conflict')).toEqual({});
    });

    it('keeps the later of two values for one column, and the loser in a conflict row', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('theme', 'dark')] });
      const later = settingUpdate('theme', 'blue', { stamp: stampAt(testTime) + 9 });
      await push(store, { device: 'device-b', cursor: 1, changes: [later] });
      const earlier = settingUpdate('theme', 'red', { stamp: stampAt(testTime) + 5, base: { value: [1, 'dark'] } });
      const lost = await push(store, { cursor: 1, changes: [earlier] });
      expect(lost.results[0]?.status).toBe('merged');
      expect(rowsOf(lost, 'setting')['theme']).toEqual({ key: 'theme', value: 'blue' });
      const [conflict] = Object.values(rowsOf(lost, 'conflict'));
      expect(conflict).toMatchObject({
        table_name: 'setting',
        row_id: 'theme',
        column_name: 'value',
        base_value: '"dark"',
        kept_value: '"blue"',
        lost_value: '"red"',
        lost_device: 'device-a',
        state: 'decided',
        decided_at: testTime,
      });
    });
    it('rejects a change that breaks the declaration and stores the others', async () => {
      const store = await openStore();
      const pushed = await push(store, {
        changes: [
          settingInsert('a', '1'),
          { ...settingInsert('b', '2'), table: 'no_such_table' },
          settingInsert('c', '3', { values: { key: 'c', value: '3', admin: 1 } }),
          settingInsert('d', '4', { values: { key: 'd', value: 4 } }),
          settingInsert('e', '5', { values: { key: 'e' } }),
          settingInsert('f', '6'),
        ],
      });
      expect(pushed.results).toEqual([
        { status: 'applied', seq: 1 },
        { status: 'rejected', seq: 0, error: { code: 'unknown_table' } },
        { status: 'rejected', seq: 0, error: { code: 'unknown_column', column: 'admin' } },
        { status: 'rejected', seq: 0, error: { code: 'invalid_value', column: 'value' } },
        { status: 'rejected', seq: 0, error: { code: 'missing_column', column: 'value' } },
        { status: 'applied', seq: 2 },
      ]);
      expect(Object.keys(rowsOf(await push(store, { device: 'b' }), 'setting'))).toEqual(['a', 'f']);
    });

    it('refuses names that every JavaScript object has', async () => {
      const store = await openStore();
      const names = ['__proto__', 'constructor', 'toString'];
      const changes = names.flatMap((hostile) => [
        { ...settingInsert('a', '1'), table: hostile },
        settingInsert('a', '1', {
          values: JSON.parse(`{"key":"a","value":"1","${hostile}":"x"}`) as Change['values'] & {},
        }),
      ]);
      const { results } = await push(store, { changes });
      expect(results.map((result) => result.error?.code)).toEqual(
        names.flatMap(() => ['unknown_table', 'unknown_column']),
      );
    });

    it('asks for the whole row when it lacks the one that is updated', async () => {
      const store = await openStore();
      const pushed = await push(store, { changes: [settingUpdate('gone', 'x')] });
      expect(pushed.results).toEqual([{ status: 'resend', seq: 0 }]);
      expect(pushed).toMatchObject({ head: 0, changed: false });
    });

    it('takes several changes of one row in their order', async () => {
      const store = await openStore();
      const pushed = await push(store, {
        changes: [
          settingInsert('a', '1'),
          settingUpdate('a', '2'),
          settingUpdate('a', '3', { stamp: stampAt(testTime) + 2 }),
        ],
      });
      expect(pushed.results.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
      expect(rowsOf(await push(store, { device: 'b' }), 'setting')).toEqual({ a: { key: 'a', value: '3' } });
    });

    it('tells a deletion as a row without values, and brings the row back for a later edit', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('a', '1')] });
      await push(store, { cursor: 1, changes: [deletion('a', { baseSeq: 1 })] });
      const pulled = await push(store, { device: 'b' });
      expect(rowsOf(pulled, 'setting')).toEqual({ a: null });
      expect(pulled.changes[0]?.values).toEqual([[null], [null]]);
      const revived = await push(store, {
        device: 'b',
        cursor: pulled.cursor,
        changes: [settingUpdate('a', 'again', { baseSeq: 2, stamp: stampAt(testTime) + 90 })],
      });
      expect(revived.results[0]?.status).toBe('applied');
      expect(rowsOf(await push(store, { device: 'c' }), 'setting')).toEqual({ a: { key: 'a', value: 'again' } });
    });

    it('moves nothing when a device sends the value that is there already, and still knows a retry of it', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('a', '1')] });
      const changes = [settingUpdate('a', '1')];
      const same = await push(store, { device: 'b', cursor: 1, changes });
      expect(same).toMatchObject({ head: 1, changed: false, cursor: 1 });
      expect(same.results[0]?.status).toBe('applied');
      expect((await push(store, { device: 'b', cursor: 1, changes })).results[0]?.status).toBe('duplicate');
    });

    it('remembers the highest stamp of the account', async () => {
      const store = await openStore();
      expect((await push(store, {})).clock).toBe(0);
      const stamp = stampAt(testTime) + 77;
      await push(store, { changes: [settingInsert('a', '1', { stamp }), settingInsert('b', '1')] });
      expect((await push(store, { device: 'b' })).clock).toBe(stamp);
    });
  });
}

function wordUpdate(id: string, values: NonNullable<Change['values']>, parts: Partial<Change>): Change {
  return { table: 'vocabulary_item', id, op: 'update', stamp: stampAt(testTime) + 1, baseSeq: 0, values, ...parts };
}
