/** What every `SyncStore` does with the answers to what was sent. */
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../src/protocol/errors.ts';
import type { Batch } from '../../src/sync/ports.ts';
import { emptyReply, noChanges, start, wordPage } from '../support/store-replies.ts';
import { value, type StoreDevice } from '../support/store-device.ts';

export function describeResults(device: StoreDevice): void {
  const { run, all, add, gather, apply, acknowledged } = device;

  describe('applies results', () => {
    it('and takes what was answered out of the outbox', async () => {
      add('w1');
      await acknowledged(3);
      expect((await gather()).changes).toEqual([]);
      expect(all('SELECT _seq FROM vocabulary_item')).toEqual([{ _seq: 3 }]);
    });

    it('and keeps an edit that was made while the push was under way (I2)', async () => {
      add('w1');
      const sent = await gather();
      run(`UPDATE vocabulary_item SET note = 'meanwhile' WHERE id = 'w1'`);
      await apply(sent, { results: [{ status: 'applied', seq: 3 }] });
      expect((await gather()).changes).toMatchObject([
        { op: 'update', values: { note: 'meanwhile' }, baseSeq: 3, base: { note: [3, ''] } },
      ]);
    });

    it('and keeps a deletion that was made while the push was under way', async () => {
      add('w1');
      const sent = await gather();
      run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
      await apply(sent, { results: [{ status: 'applied', seq: 3 }] });
      expect((await gather()).changes).toMatchObject([{ op: 'delete', baseSeq: 3 }]);
    });

    it('and keeps all of a row that was deleted, added anew and edited while the push was under way', async () => {
      add('w1', 'before');
      const sent = await gather();
      run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
      add('w1', 'anew');
      run(`UPDATE vocabulary_item SET note = 'and edited' WHERE id = 'w1'`);
      await apply(sent, { results: [{ status: 'applied', seq: 3 }] });
      expect((await gather()).changes).toMatchObject([
        { op: 'insert', values: { word: 'anew', note: 'and edited' }, baseSeq: 3 },
      ]);
    });

    it('and nothing of an answer that comes after the account was left (I6, I7)', async () => {
      const sent = await gather();
      const left = ['user_id = NULL', `user_id = 'ben'`, `device = 'device-b'`];
      for (const change of left) {
        device.database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ana', device = 'device-a'`), 'sync');
        device.database.write((sql) => sql.run(`UPDATE sync_state SET ${change}`), 'sync');
        const applied = await device.store.apply(sent, {
          ...emptyReply,
          changes: [wordPage({ id: 'w1', seq: 9 })],
          cursor: 9,
        });
        expect(applied).toMatchObject({ error: { code: 'storage_busy' } });
      }
      expect(all('SELECT cursor FROM sync_state')).toEqual([{ cursor: 0 }]);
      expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
    });

    it('and keeps the base of a newer edit whose row comes by a later pull', async () => {
      add('w1');
      await acknowledged(3);
      run(`UPDATE vocabulary_item SET note = 'one' WHERE id = 'w1'`);
      const sent = await gather();
      run(`UPDATE vocabulary_item SET note = 'two' WHERE id = 'w1'`);
      await apply(sent, { results: [{ status: 'merged', seq: 0 }] });
      expect((await gather()).changes).toMatchObject([{ values: { note: 'two' }, base: { note: [3, ''] } }]);
    });

    it('and sends a row whole that the server lacks', async () => {
      add('w1');
      await acknowledged(3);
      run(`UPDATE vocabulary_item SET note = 'x' WHERE id = 'w1'`);
      const sent = await gather();
      await apply(sent, { results: [{ status: 'resend', seq: 0 }] });
      const [change] = (await gather()).changes;
      expect(change).toMatchObject({ op: 'insert', baseSeq: 0, values: { word: 'w1', note: 'x' } });
    });

    it('and sets a rejected new row aside', async () => {
      add('w1');
      const sent = await gather();
      await apply(sent, {
        results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value', column: 'word' } }],
      });
      expect((await gather()).changes).toEqual([]);
      expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
      const [rejected] = all('SELECT row_id, op, code, column_name, values_json FROM rejected_change');
      expect(rejected).toMatchObject({ row_id: 'w1', op: 'insert', code: 'invalid_value', column_name: 'word' });
      expect(JSON.parse(String(rejected!['values_json']))).toMatchObject({ word: 'w1' });
    });

    it('and puts back what was before a rejected edit', async () => {
      add('w1');
      await acknowledged(3);
      run(`UPDATE vocabulary_item SET note = 'refused' WHERE id = 'w1'`);
      await apply(await gather(), { results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value' } }] });
      expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: '' }]);
      expect((await gather()).changes).toEqual([]);
    });

    it('and asks for the rows again under a rejected edit that hid newer ones', async () => {
      add('w1');
      await acknowledged(3);
      run(`UPDATE vocabulary_item SET note = 'refused' WHERE id = 'w1'`);
      await apply(noChanges(await gather()), {
        changes: [wordPage({ id: 'w1', seq: 9, note: 'theirs' })],
        cursor: 9,
      });
      await apply(await gather(), {
        results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value' } }],
        cursor: 9,
      });
      expect((await gather()).cursor).toBeLessThan(9);
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 9, note: 'theirs' })], cursor: 9 });
      expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'theirs' }]);
    });

    it('and leaves a rejected change in the queue when it was edited meanwhile', async () => {
      add('w1');
      const sent = await gather();
      run(`UPDATE vocabulary_item SET note = 'better' WHERE id = 'w1'`);
      await apply(sent, { results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value' } }] });
      expect((await gather()).changes).toMatchObject([{ op: 'insert', values: { note: 'better' } }]);
    });
  });

  describe('sets aside a change for which alone a request was refused', () => {
    const tooLarge: Failure = { code: 'too_large', detail: 'status 413' };
    const only = async (id: string): Promise<Batch> => {
      const batch = await gather();
      return { ...batch, changes: batch.changes.filter((change) => change.id === id) };
    };

    it('and keeps it for the person, undone in its row, while the others wait on', async () => {
      add('w1');
      add('w2');
      const { tables } = value(await device.store.setAside(await only('w1'), tooLarge));
      expect(tables).toMatchObject({
        vocabulary_item: { sent: 1, received: 0, failed: 1, conflicts: 0, errors: [tooLarge] },
      });
      expect((await gather()).changes).toMatchObject([{ id: 'w2' }]);
      expect(all('SELECT id FROM vocabulary_item')).toEqual([{ id: 'w2' }]);
      expect(all('SELECT row_id, op, code, column_name, rejected_at FROM rejected_change')).toEqual([
        { row_id: 'w1', op: 'insert', code: 'too_large', column_name: null, rejected_at: start },
      ]);
    });

    it('and puts back what was before an edit', async () => {
      add('w1');
      await acknowledged(3);
      run(`UPDATE vocabulary_item SET note = 'refused' WHERE id = 'w1'`);
      const { tables } = value(await device.store.setAside(await only('w1'), { code: 'invalid' }));
      expect(tables['vocabulary_item']!.errors).toEqual([{ code: 'invalid' }]);
      expect(all('SELECT note, _seq FROM vocabulary_item')).toEqual([{ note: '', _seq: 3 }]);
      expect(all('SELECT values_json FROM rejected_change')).toEqual([{ values_json: '{"note":"refused"}' }]);
    });

    it('but not what was edited again meanwhile', async () => {
      add('w1');
      const sent = await only('w1');
      run(`UPDATE vocabulary_item SET note = 'better' WHERE id = 'w1'`);
      value(await device.store.setAside(sent, tooLarge));
      expect((await gather()).changes).toMatchObject([{ op: 'insert', values: { note: 'better' } }]);
      expect(all('SELECT row_id FROM rejected_change')).toEqual([]);
    });

    it('and stays the device that the server knows, which has merged nothing of it', async () => {
      add('w1');
      await acknowledged(3);
      const before = (await gather()).writers;
      add('w2');
      value(await device.store.setAside(await only('w2'), tooLarge));
      expect((await gather()).writers.slice(0, before.length)).toEqual(before);
    });

    it('but nothing once the account was left (I7)', async () => {
      add('w1');
      const sent = await only('w1');
      device.database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ben'`), 'sync');
      expect(await device.store.setAside(sent, tooLarge)).toMatchObject({ error: { code: 'storage_busy' } });
      expect((await gather()).changes).toHaveLength(1);
    });
  });
}
