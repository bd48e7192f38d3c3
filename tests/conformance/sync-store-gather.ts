/** What every `SyncStore` gathers to be sent, and how it names the states it sends. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import { schemaVersion } from '../../src/schema/tables.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { addWord } from '../support/add-word.ts';
import { emptyReply, start } from '../support/store-replies.ts';
import { value, type StoreDevice } from '../support/store-device.ts';

export function describeGathering(device: StoreDevice): void {
  const { run, all, add, gather, apply, acknowledged } = device;

  describe('gathers', () => {
    it('nothing from a clean database', async () => {
      expect(await gather()).toEqual({
        user: 'ana',
        device: 'device-a',
        schema: schemaVersion,
        writers: [],
        epoch: '',
        cursor: 0,
        known: 0,
        isNew: true,
        loads: 0,
        changes: [],
        more: false,
        attempts: 0,
        interval: null,
        unread: {},
      });
    });

    it('a new row with every column', async () => {
      add('w1', 'café');
      const { changes } = await gather();
      expect(changes).toHaveLength(1);
      expect(changes[0]).toMatchObject({ table: 'vocabulary_item', id: 'w1', op: 'insert', baseSeq: 0 });
      expect(changes[0]!.values).toMatchObject({ word: 'café', note: '', stability: 0, last_review_at: null });
      expect(changes[0]!.stamp).toBeGreaterThanOrEqual(stampAt(start));
    });

    it('only the dirty columns of an edited row, with the base before the first edit', async () => {
      add('w1');
      await acknowledged(7);
      run(`UPDATE vocabulary_item SET note = 'first' WHERE id = 'w1'`);
      run(`UPDATE vocabulary_item SET note = 'second', translation = 'x' WHERE id = 'w1'`);
      const { changes } = await gather();
      expect(changes[0]).toMatchObject({
        op: 'update',
        values: { note: 'second', translation: 'x' },
        baseSeq: 7,
        base: { note: [7, ''], translation: [7, ''] },
      });
    });

    it('a stamp for each column that was edited at another time', async () => {
      add('w1');
      run(`UPDATE vocabulary_item SET note = 'later' WHERE id = 'w1'`);
      const [change] = (await gather()).changes;
      expect(change!.stamps!['note']).toBeGreaterThan(change!.stamp);
    });

    it('no edit that changed nothing', async () => {
      add('w1');
      await acknowledged(1);
      run(`UPDATE vocabulary_item SET note = note WHERE id = 'w1'`);
      expect((await gather()).changes).toEqual([]);
    });

    it('a deletion, in place of what waited for the row', async () => {
      add('w1');
      run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
      expect((await gather()).changes).toMatchObject([{ op: 'delete', id: 'w1', baseSeq: 0 }]);
    });

    it('tables in sync order', async () => {
      add('w1');
      run(`INSERT INTO setting (id, key, value) VALUES ('s1', 'theme', '"dark"')`);
      expect((await gather()).changes.map((change) => change.table)).toEqual(['setting', 'vocabulary_item']);
    });

    it('no more than one push takes, and says that more waits', async () => {
      device.database.write((sql) => {
        for (let index = 0; index <= limits.pushChanges; index += 1) addWord(sql, { id: `w${index}`, word: 'x' });
      });
      const batch = await gather();
      expect(batch.changes).toHaveLength(limits.pushChanges);
      expect(batch.more).toBe(true);
    });

    it('no more bytes than one push takes, but always one change', async () => {
      const text = 'x'.repeat(200_000);
      device.database.write((sql) => {
        for (let index = 0; index < 30; index += 1) {
          sql.run(
            `INSERT INTO document (id, title, language, content, content_hash, added_at) VALUES (?, 't', 'es', ?, ?, 1)`,
            [`d${index}`, text, 'a'.repeat(64)],
          );
        }
      });
      const batch = await gather();
      expect(batch.more).toBe(true);
      expect(JSON.stringify(batch.changes).length).toBeLessThan(limits.pushBytes + 1_000_000);
    });

    it('no change when only rows are wanted', async () => {
      add('w1');
      expect(value(await device.store.gather('down')).changes).toEqual([]);
    });

    it.each([
      ['30', 1_800_000],
      ['1440', 86_400_000],
      ['1441', null],
      ['0', null],
      ['"often"', null],
    ])('the interval of the setting %s as %o', async (chosen, interval) => {
      run(`INSERT INTO setting (id, key, value) VALUES ('s', 'sync_interval_minutes', ?)`, [chosen]);
      expect((await gather()).interval).toBe(interval);
    });

    it('nothing to send before anyone signed up', async () => {
      add('w1');
      device.database.write((sql) => sql.run('UPDATE sync_state SET user_id = NULL'), 'sync');
      expect(await gather()).toMatchObject({ user: null, changes: [] });
    });
  });

  describe('names its states', () => {
    it('by who edited and the latest edit, from the one that was answered for', async () => {
      add('w1');
      const first = await gather();
      expect(first.writers).toHaveLength(1);
      expect(first.writers[0]![1]).toBe(first.changes[0]!.stamp);
      await apply(first, { results: [{ status: 'applied', seq: 1 }] });
      run(`UPDATE vocabulary_item SET note = 'x' WHERE id = 'w1'`);
      const second = await gather();
      expect(second.writers).toEqual([[first.writers[0]![0], second.changes[0]!.stamp]]);
    });

    it('anew once stamps were corrected, so that a late copy of the refused request counts for nothing', async () => {
      device.clock.now = start + 86_400_000;
      add('w1');
      const refused = (await gather()).writers;
      value(await device.store.correctClock(start));
      const corrected = (await gather()).writers;
      expect(corrected).toHaveLength(1);
      expect(corrected[0]![0]).not.toBe(refused[0]![0]);
    });
  });

  describe('takes a new id', () => {
    it('when another device has its own, and keeps what waits (I2)', async () => {
      add('w1');
      const before = await gather();
      value(await device.store.takeNewId());
      const after = await gather();
      expect(after.device).not.toBe(before.device);
      expect(after.changes).toEqual(before.changes);
      expect(after.writers).not.toEqual(before.writers);
      expect(all('SELECT notice FROM sync_state')).toEqual([{ notice: 'copied' }]);
      expect(
        await device.store.apply(before, { ...emptyReply, results: [{ status: 'applied', seq: 1 }] }),
      ).toMatchObject({ error: { code: 'storage_busy' } });
      expect((await gather()).changes).toEqual(before.changes);
    });
  });
}
