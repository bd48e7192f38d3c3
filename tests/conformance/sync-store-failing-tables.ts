/** How every `SyncStore` goes on where a table or a record fails. */
import { describe, expect, it } from 'vitest';
import { packPages } from '../../src/protocol/packed-pages.ts';
import { largePage, wordPage } from '../support/store-replies.ts';
import { report, value, type StoreDevice } from '../support/store-device.ts';

export function describeFailingTables(device: StoreDevice): void {
  const { run, all, add, gather, apply, acknowledged } = device;

  describe('goes on where a table fails', () => {
    const forbid = (note: string): void =>
      device.database.write((sql) => {
        sql.run(`CREATE TRIGGER forbid BEFORE INSERT ON vocabulary_item WHEN NEW.note = '${note}'
          BEGIN SELECT RAISE(ABORT, 'refused here'); END`);
      }, 'sync');
    const allow = (): void => device.database.write((sql) => void sql.run('DROP TRIGGER forbid'), 'sync');

    it('by setting a refused row aside, whole, and storing the others (I6)', async () => {
      forbid('bad');
      const page = wordPage({ id: 'w1', seq: 1, note: 'good' }, { id: 'w2', seq: 2, note: 'bad' });
      const { tables } = await apply(await gather(), { changes: [page], cursor: 2 });
      expect(tables['vocabulary_item']).toMatchObject({
        received: 2,
        failed: 1,
        errors: [{ code: 'storage_failed' }],
      });
      expect(tables['vocabulary_item']!.errors[0]!.detail).toContain('refused here');
      expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'good' }]);
      expect((await gather()).cursor).toBe(2);
      allow();
      await apply(await gather(), { cursor: 2 });
      expect(all('SELECT note, _seq FROM vocabulary_item ORDER BY id')).toEqual([
        { note: 'good', _seq: 1 },
        { note: 'bad', _seq: 2 },
      ]);
      expect(all('SELECT id FROM held_row')).toEqual([]);
    });

    it.each(['as JSON', 'packed'])('of a large page too, %s', async (form) => {
      device.database.driver.exec(`CREATE UNIQUE INDEX refusing ON vocabulary_item (note) WHERE note <> 'fine'`);
      const page = largePage(
        [
          { id: 'one', note: 'bad' },
          { id: 'two', note: 'fine' },
          { id: 'three', note: 'bad' },
        ],
        'fine',
      );
      const rows = form === 'packed' ? { packed: [packPages([page])!] } : { changes: [page] };
      await apply(await gather(), { ...rows, cursor: 5_000 });
      expect(all('SELECT count(*) AS count FROM vocabulary_item')).toEqual([{ count: page.ids.length - 1 }]);
      expect(all('SELECT id, seq FROM held_row')).toEqual([{ id: 'three', seq: 13 }]);
      expect((await gather()).cursor).toBe(5_000);
    });

    it('and a newer state of the row, or its deletion, takes the place of what was set aside', async () => {
      forbid('bad');
      const bad = [wordPage({ id: 'w1', seq: 1, note: 'bad' }, { id: 'w2', seq: 2, note: 'bad' })];
      await apply(await gather(), { changes: bad, cursor: 2 });
      const newer = [wordPage({ id: 'w1', seq: 3, note: 'fine' }, { id: 'w2', seq: 4, deleted: true })];
      await apply(await gather(), { changes: newer, cursor: 4 });
      allow();
      await apply(await gather(), { cursor: 4 });
      expect(all('SELECT id, note FROM vocabulary_item')).toEqual([{ id: 'w1', note: 'fine' }]);
      expect(all('SELECT id FROM held_row')).toEqual([]);
    });

    it('and an edit over what was set aside, which the server took, is set aside with it (I3)', async () => {
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'fine' })], cursor: 1 });
      forbid('bad');
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 2, note: 'bad' })], cursor: 2 });
      run(`UPDATE vocabulary_item SET translation = 'edited' WHERE id = 'w1'`);
      await acknowledged(3);
      allow();
      await apply(await gather(), { cursor: 3 });
      expect(all('SELECT note, translation, _seq FROM vocabulary_item')).toEqual([
        { note: 'bad', translation: 'edited', _seq: 3 },
      ]);
      expect(all('SELECT id FROM held_row')).toEqual([]);
    });

    it('and what was set aside and can no longer be read is pulled again, an edit over it included (I6)', async () => {
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'fine' })], cursor: 1 });
      forbid('bad');
      const page = wordPage({ id: 'w1', seq: 2, note: 'bad' }, { id: 'w2', seq: 3, note: 'bad' });
      await apply(await gather(), { changes: [page], cursor: 5 });
      run(`UPDATE vocabulary_item SET translation = 'edited' WHERE id = 'w1'`);
      run(`UPDATE held_row SET row = '{"note":' WHERE id = 'w1'`);
      await acknowledged(6);
      expect((await gather()).changes).toEqual([]);
      value(await device.store.record(report, { at: null, attempts: 0 }));
      expect((await gather()).cursor).toBe(1);
      expect(all('SELECT id FROM held_row')).toEqual([{ id: 'w2' }]);
    });

    it('and what was set aside does not come over an edit that was just answered for, with another one waiting', async () => {
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'fine' })], cursor: 1 });
      forbid('bad');
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 2, note: 'bad' })], cursor: 2 });
      run(`UPDATE vocabulary_item SET translation = 'edited' WHERE id = 'w1'`);
      const sent = await gather();
      run(`UPDATE vocabulary_item SET word = 'later' WHERE id = 'w1'`);
      await apply(sent, { results: [{ status: 'applied', seq: 3 }], cursor: 3 });
      expect(all('SELECT note, translation, word, _seq FROM vocabulary_item')).toEqual([
        { note: 'bad', translation: 'edited', word: 'later', _seq: 3 },
      ]);
      expect((await gather()).changes).toMatchObject([{ id: 'w1', values: { word: 'later' } }]);
    });

    it('and forgets what was set aside of a row whose deletion the server took', async () => {
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'fine' })], cursor: 1 });
      forbid('bad');
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 2, note: 'bad' })], cursor: 2 });
      run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
      allow();
      await acknowledged(3);
      await apply(await gather(), { cursor: 3 });
      expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
      expect(all('SELECT id FROM held_row')).toEqual([]);
    });

    it('by leaving a damaged record in the outbox and sending the others', async () => {
      add('w1');
      await acknowledged(1);
      run(`UPDATE vocabulary_item SET note = 'x' WHERE id = 'w1'`);
      run(`UPDATE outbox SET stamps = '{' WHERE id = 'w1'`);
      run(`INSERT INTO setting (id, key, value) VALUES ('s1', 'theme', '1')`);
      const { changes, unread } = await gather();
      expect(changes).toMatchObject([{ id: 's1' }]);
      expect(unread).toMatchObject({ vocabulary_item: { count: 1, errors: [{ code: 'storage_failed' }] } });
    });
  });
}
