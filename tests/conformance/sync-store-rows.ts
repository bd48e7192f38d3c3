/** How every `SyncStore` stores the rows of the server. */
import { describe, expect, it } from 'vitest';
import type { RowPage, SyncReply } from '../../src/protocol/messages.ts';
import { packPages } from '../../src/protocol/packed-pages.ts';
import { emptyReply, largePage, noChanges, wordPage } from '../support/store-replies.ts';
import type { StoreDevice } from '../support/store-device.ts';

export function describeRows(device: StoreDevice): void {
  const { run, all, add, gather, apply } = device;

  describe('applies rows', () => {
    it('that are new, newer and deleted, without making them dirty', async () => {
      await apply(await gather(), {
        changes: [wordPage({ id: 'w1', seq: 1, note: 'a' }, { id: 'w2', seq: 2, note: 'b' })],
        cursor: 2,
      });
      await apply(await gather(), {
        changes: [wordPage({ id: 'w1', seq: 3, note: 'newer' }, { id: 'w2', seq: 4, deleted: true })],
        cursor: 4,
      });
      expect(all('SELECT id, note, _seq FROM vocabulary_item')).toEqual([{ id: 'w1', note: 'newer', _seq: 3 }]);
      expect(await gather()).toMatchObject({ changes: [], cursor: 4 });
    });

    it('with the default where a value is not there or does not fit its column', async () => {
      const page = wordPage({ id: 'w1', seq: 1 }, { id: 'w2', seq: 2 }, { id: 'w3', seq: 3 });
      const changes = [
        {
          ...page,
          columns: [...page.columns, 'reps', 'stability', 'last_review_at'],
          values: [...page.values, [1.5, 'many', 2], ['x', null, 0.5], [null, '1', 5]],
        },
      ];
      await apply(await gather(), { changes, cursor: 3 });
      expect(all('SELECT id, reps, stability, last_review_at FROM vocabulary_item ORDER BY id')).toEqual([
        { id: 'w1', reps: 0, stability: 0, last_review_at: null },
        { id: 'w2', reps: 0, stability: 0, last_review_at: null },
        { id: 'w3', reps: 2, stability: 0.5, last_review_at: 5 },
      ]);
    });

    it('never over a row that is newer already', async () => {
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 5, note: 'new' })], cursor: 5 });
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 4, note: 'old' })], cursor: 5 });
      expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'new' }]);
    });

    it('of a preview, which leave the cursor where it is and come again with the pages', async () => {
      const preview = wordPage({ id: 'w9', seq: 9, note: 'due' }, { id: 'w8', seq: 8, note: 'newest' });
      const first = await gather();
      expect(first.isNew).toBe(true);
      expect(await apply(first, { changes: [preview], cursor: 0, head: 9, more: true, preview: true })).toMatchObject({
        more: false,
      });
      expect(await gather()).toMatchObject({ cursor: 0, known: 9, epoch: 'e', changes: [], isNew: false });
      run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w9'`);
      const edit = { id: 'w9', op: 'update', values: { note: 'mine' }, base: { note: [9, 'due'] } };
      expect((await gather()).changes).toMatchObject([edit]);
      const page = wordPage(
        { id: 'w1', seq: 1 },
        { id: 'w8', seq: 8, note: 'newest' },
        { id: 'w9', seq: 9, note: 'due' },
      );
      await apply(noChanges(await gather()), { changes: [page], cursor: 9, head: 9 });
      expect(all('SELECT id, note, _seq FROM vocabulary_item ORDER BY id')).toEqual([
        { id: 'w1', note: '', _seq: 1 },
        { id: 'w8', note: 'newest', _seq: 8 },
        { id: 'w9', note: 'mine', _seq: 9 },
      ]);
      const after = await gather();
      expect(after).toMatchObject({ cursor: 9, isNew: false });
      expect(after.changes).toMatchObject([edit]);
    });

    it('of a preview whose word was deleted before the page came, and takes it away', async () => {
      const preview = wordPage({ id: 'w9', seq: 9 });
      await apply(await gather(), { changes: [preview], cursor: 0, head: 9, more: true, preview: true });
      await apply(await gather(), { changes: [wordPage({ id: 'w9', seq: 10, deleted: true })], cursor: 10, head: 10 });
      expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
    });

    it('around dirty columns', async () => {
      await apply(await gather(), {
        changes: [wordPage({ id: 'w1', seq: 1, note: 'a', translation: 'b' })],
        cursor: 1,
      });
      run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w1'`);
      await apply(noChanges(await gather()), {
        changes: [wordPage({ id: 'w1', seq: 2, note: 'theirs', translation: 'theirs' })],
        cursor: 2,
      });
      expect(all('SELECT note, translation FROM vocabulary_item')).toEqual([{ note: 'mine', translation: 'theirs' }]);
      expect((await gather()).changes).toMatchObject([{ values: { note: 'mine' }, base: { note: [1, 'a'] } }]);
    });

    it('and leaves a row that waits for its deletion deleted', async () => {
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'a' })], cursor: 1 });
      run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
      await apply(noChanges(await gather()), { changes: [wordPage({ id: 'w1', seq: 2, note: 'b' })], cursor: 2 });
      expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
      expect((await gather()).changes).toMatchObject([{ op: 'delete', baseSeq: 1 }]);
    });

    it('and keeps an edited row that was deleted elsewhere until the server decided', async () => {
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'a' })], cursor: 1 });
      run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w1'`);
      await apply(noChanges(await gather()), { changes: [wordPage({ id: 'w1', seq: 2, deleted: true })], cursor: 2 });
      expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'mine' }]);
    });

    it('of tables and columns that it does not know, by leaving those out', async () => {
      const page = wordPage({ id: 'w1', seq: 1, note: 'a' });
      const wider = { ...page, columns: [...page.columns, 'colour'], values: [...page.values, ['green']] };
      const other: RowPage = {
        table: 'sticker',
        ids: ['s'],
        seqs: [2],
        deleted: [],
        columns: ['a'],
        values: [['b']],
      };
      await apply(await gather(), { changes: [wider, other], cursor: 2 });
      expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'a' }]);
    });

    it('and finds them by full text', async () => {
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'corazón' })], cursor: 1 });
      device.database.indexNewRows();
      const found = all(`SELECT rowid FROM vocabulary_item_fts WHERE vocabulary_item_fts MATCH 'corazon'`);
      expect(found).toHaveLength(1);
    });

    it('of a large page, around what is dirty, deleted, newer or older here', async () => {
      const before = ['edited', 'removed', 'gone', 'old', 'newer'].map((id, at) => ({ id, seq: at + 1, note: 'b' }));
      await apply(await gather(), { changes: [wordPage(...before)], cursor: 5 });
      run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'edited'`);
      run(`DELETE FROM vocabulary_item WHERE id = 'removed'`);
      run(`UPDATE vocabulary_item SET _seq = 9000, note = 'ahead' WHERE id = 'newer'`);
      add('added');
      const page = largePage([
        { id: 'edited', note: 'theirs', translation: 'theirs' },
        { id: 'removed', note: 'theirs' },
        { id: 'gone', deleted: true },
        { id: 'old', note: 'theirs' },
        { id: 'newer', note: 'theirs' },
        { id: 'added', note: 'theirs' },
        { id: 'never', deleted: true },
      ]);
      await apply(noChanges(await gather()), { changes: [page], cursor: 5_000 });
      expect(all(`SELECT id, note, translation FROM vocabulary_item WHERE id NOT LIKE 'w%' ORDER BY id`)).toEqual([
        { id: 'added', note: '', translation: '' },
        { id: 'edited', note: 'mine', translation: 'theirs' },
        { id: 'newer', note: 'ahead', translation: '' },
        { id: 'old', note: 'theirs', translation: '' },
      ]);
      expect(all(`SELECT count(*) AS count, min(_seq) AS least FROM vocabulary_item WHERE id LIKE 'w%'`)).toEqual([
        { count: page.ids.length - 7, least: 18 },
      ]);
      expect((await gather()).changes.map(({ id, op }) => `${op} ${id}`).sort()).toEqual([
        'delete removed',
        'insert added',
        'update edited',
      ]);
      await apply(noChanges(await gather()), { changes: [page], cursor: 5_000 });
      expect(all('SELECT count(*) AS count FROM vocabulary_item')).toEqual([{ count: page.ids.length - 3 }]);
    });

    it('that come packed as those that do not', async () => {
      const page = largePage([
        { id: 'edited', note: 'theirs' },
        { id: 'gone', deleted: true },
        { id: 'é', note: '漢' },
      ]);
      const typed = (name: string, value: (index: number) => string | number | null) =>
        [name, page.ids.map((_, index) => (page.deleted.includes(index) ? null : value(index)))] as const;
      const more = [
        typed('reps', (index) => (index === 1_000 ? 0.5 : index)),
        typed('stability', (index) => index / 8),
        typed('lapses', () => 3),
        typed('last_review_at', (index) => (index % 2 === 0 ? null : index)),
        typed('difficulty', (index) => (index === 7 ? 'hard' : 1.5)),
        typed('card_state', () => 'none'),
        typed('language', (index) => (index === 9 ? 5 : 'fr')),
        typed('scheduled_days', (index) => `day ${index}`),
        typed('colour', (index) => index),
      ];
      const changes: RowPage[] = [
        {
          ...page,
          columns: [...page.columns, ...more.map(([name]) => name)],
          values: [...page.values, ...more.map(([, values]) => values)],
        },
        { table: 'sticker', ids: ['s'], seqs: [9_000], deleted: [], columns: ['a'], values: [['b']] },
      ];
      const stored = async (reply: Partial<SyncReply>) => {
        const { tables } = await apply(noChanges(await gather()), { ...reply, cursor: 9_000 });
        const words = all('SELECT * FROM vocabulary_item ORDER BY _seq, id').map(({ _rowid, ...word }) => word);
        device.database.write((sql) => {
          sql.run(`DELETE FROM vocabulary_item`);
          sql.run('DELETE FROM outbox');
          sql.run('UPDATE sync_state SET cursor = 0');
        }, 'sync');
        return { words, received: Object.values(tables).map(({ received }) => received) };
      };
      const edit = () => {
        add('edited');
        run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'edited'`);
      };
      edit();
      const plainly = await stored({ changes });
      edit();
      const { words, received } = await stored({ packed: [packPages(changes)!] });
      expect(received).toEqual(plainly.received);
      expect(words.slice(1)).toEqual(plainly.words.slice(1));
      expect(words).toHaveLength(page.ids.length - 1);
      expect(words.find(({ id }) => id === 'edited')).toMatchObject({ note: 'mine' });
    });

    it('and nothing of a reply whose packed rows are damaged (I6)', async () => {
      const packed = packPages([wordPage({ id: 'w1', seq: 1 }), wordPage({ id: 'w2', seq: 2 })])!;
      const sent = await gather();
      for (const bytes of [packed.slice(0, -1), new Uint8Array(3)]) {
        const applied = await device.store.apply(sent, { ...emptyReply, packed: [bytes], cursor: 2 });
        expect(applied).toMatchObject({ ok: false, error: { code: 'bad_reply' } });
      }
      expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
      expect((await gather()).cursor).toBe(0);
      await apply(sent, { packed: [packed], cursor: 2 });
      expect(all('SELECT id FROM vocabulary_item')).toEqual([{ id: 'w1' }, { id: 'w2' }]);
    });

    it('of a large page with the default where a value does not fit its column', async () => {
      const page = largePage([]);
      const reps = page.ids.map((_, index) => (index === 1_000 ? 'many' : index));
      const changes = [{ ...page, columns: [...page.columns, 'reps'], values: [...page.values, reps] }];
      await apply(await gather(), { changes, cursor: 5_000 });
      expect(all(`SELECT id, reps FROM vocabulary_item WHERE reps <> _seq - 11`)).toEqual([{ id: 'w1000', reps: 0 }]);
    });

    it('twice with the same outcome (I5)', async () => {
      add('mine');
      const sent = await gather();
      const reply: Partial<SyncReply> = {
        results: [{ status: 'applied', seq: 2 }],
        changes: [wordPage({ id: 'w1', seq: 1, note: 'a' })],
        cursor: 2,
      };
      await apply(sent, reply);
      const once = all('SELECT id, note, _seq FROM vocabulary_item ORDER BY id');
      await apply(sent, reply);
      expect(all('SELECT id, note, _seq FROM vocabulary_item ORDER BY id')).toEqual(once);
      expect((await gather()).changes).toEqual([]);
      // And once more, late: what came since stays.
      await apply(noChanges(sent), { changes: [wordPage({ id: 'w1', seq: 5, note: 'b' })], cursor: 5 });
      await apply(sent, reply);
      expect(all(`SELECT note, _seq FROM vocabulary_item WHERE id = 'w1'`)).toEqual([{ note: 'b', _seq: 5 }]);
    });
  });
}
