/** How every `SyncStore` loads everything anew. */
import { describe, expect, it } from 'vitest';
import { emptyReply, noChanges, wordPage } from '../support/store-replies.ts';
import { value, type StoreDevice } from '../support/store-device.ts';

export function describeReload(device: StoreDevice): void {
  const { run, all, add, gather, apply } = device;

  describe('loads everything anew', () => {
    const two = [wordPage({ id: 'w1', seq: 1, note: 'a' }, { id: 'w2', seq: 2, note: 'b' })];
    const ids = () => all('SELECT id FROM vocabulary_item ORDER BY id').map(({ id }) => id);
    const reload = async (cause: 'away' | 'retired' | 'restored', common = 0): Promise<void> => {
      value(await device.store.beginReload({ cause, common }));
    };

    it('and removes in the end what the server no longer has, never before', async () => {
      await apply(await gather(), { changes: two, cursor: 2, head: 2 });
      await reload('away');
      expect(await gather()).toMatchObject({ cursor: 0, known: 0, epoch: '', changes: [], isNew: false });
      expect(ids()).toEqual(['w1', 'w2']);
      await apply(await gather(), { changes: [wordPage({ id: 'w2', seq: 2, note: 'b' })], cursor: 2, more: true });
      expect(ids()).toEqual(['w1', 'w2']);
      await apply(await gather(), { changes: [wordPage({ id: 'w3', seq: 3 })], cursor: 3 });
      expect(ids()).toEqual(['w2', 'w3']);
      expect((await gather()).changes).toEqual([]);
      expect(all('SELECT reload, notice FROM sync_state')).toEqual([{ reload: null, notice: 'away' }]);
    });

    it('and keeps edits that wait, also of a row that the server no longer has', async () => {
      await apply(await gather(), { changes: two, cursor: 2, head: 2 });
      run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w1'`);
      await reload('away');
      add('w4');
      const { changes } = await gather();
      expect(changes).toMatchObject([
        { id: 'w1', values: { note: 'mine' } },
        { id: 'w4', op: 'insert' },
      ]);
      await apply(noChanges(await gather()), { cursor: 5 });
      expect(ids()).toEqual(['w1', 'w4']);
      expect((await gather()).changes).toEqual(changes);
    });

    it('and keeps what it sent meanwhile, which the pull leaves out', async () => {
      await apply(await gather(), { changes: two, cursor: 2, head: 2 });
      run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w1'`);
      await reload('away');
      await apply(await gather(), { results: [{ status: 'applied', seq: 3 }], cursor: 3, more: false });
      expect(ids()).toEqual(['w1']);
    });

    it('and takes no answer from before, which would end the load too soon', async () => {
      await apply(await gather(), { changes: two, cursor: 2, head: 2 });
      const before = await gather();
      await reload('away');
      expect(await device.store.apply(before, { ...emptyReply, cursor: 2 })).toMatchObject({ ok: false });
      expect(ids()).toEqual(['w1', 'w2']);
    });

    it('under a new id when it was retired', async () => {
      const { device } = await gather();
      await reload('retired');
      expect((await gather()).device).not.toBe(device);
    });

    it('and brings back what a restored server lost, as a device of its own, below any edit (I4)', async () => {
      await apply(await gather(), { changes: two, cursor: 2, head: 2 });
      run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w2'`);
      const { device } = await gather();
      await reload('restored', 1);
      const again = await gather();
      expect(again.device).not.toBe(device);
      expect(again.changes).toMatchObject([{ id: 'w2', op: 'insert', stamp: 2, baseSeq: 1, values: { note: 'mine' } }]);
      expect(again.changes[0]!.stamps!['note']).toBeGreaterThan(2);
      await apply(again, {
        results: [{ status: 'applied', seq: 9 }],
        changes: [wordPage({ id: 'w1', seq: 1, note: 'a' })],
        cursor: 9,
      });
      expect(ids()).toEqual(['w1', 'w2']);
      expect(all(`SELECT _seq FROM vocabulary_item WHERE id = 'w2'`)).toEqual([{ _seq: 9 }]);
    });

    it.each([
      ['restored', ['w1'], ['w1']],
      ['away', [], []],
    ] as const)(
      'and a row that was answered for and had not come yet is not taken for the server’s (%s)',
      async (cause, sent, left) => {
        add('w1');
        await apply(await gather(), { results: [{ status: 'duplicate', seq: 0 }], cursor: 0, head: 2, more: true });
        await reload(cause, 0);
        expect((await gather()).changes.map(({ id }) => id)).toEqual(sent);
        await apply(noChanges(await gather()), { cursor: 2 });
        expect(ids()).toEqual(left);
      },
    );

    it('and bases edits on no more than a restored server still has', async () => {
      await apply(await gather(), { changes: two, cursor: 2, head: 2 });
      await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 5, note: 'newer' })], cursor: 5, head: 5 });
      run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
      await reload('restored', 3);
      expect((await gather()).changes).toMatchObject([{ id: 'w1', op: 'delete', baseSeq: 3 }]);
    });

    describe('and sends again what was answered for and had not come with its row (I4),', () => {
      const merged = { results: [{ status: 'merged', seq: 0 } as const], cursor: 2, head: 5, more: true };
      const theirs = { changes: [wordPage({ id: 'w1', seq: 4, note: 'theirs' })], cursor: 4, more: true };
      const notes = () => all(`SELECT note FROM vocabulary_item WHERE id = 'w1'`).map(({ note }) => note);
      const edit = (note: string): void => run(`UPDATE vocabulary_item SET note = ? WHERE id = 'w1'`, [note]);
      /** Gives the edit as it was sent. */
      const editLosing = async (note: string) => {
        edit(note);
        const sent = await gather();
        await apply(sent, merged);
        return sent.changes[0]!;
      };

      it('as it was, though the restored server has the row newer', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        const { stamp } = await editLosing('mine');
        expect((await gather()).changes).toEqual([]);
        await reload('restored', 2);
        const again = [{ id: 'w1', op: 'update', stamp, values: { note: 'mine' }, base: { note: [1, 'a'] } }];
        expect((await gather()).changes).toMatchObject(again);
        await apply(noChanges(await gather()), theirs);
        expect(notes()).toEqual(['mine']);
        expect((await gather()).changes).toMatchObject(again);
      });

      it('with its own stamp in a row that the server lost', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 2, note: 'a' })], cursor: 2, head: 2 });
        const { stamp } = await editLosing('mine');
        await reload('restored', 1);
        const row = { id: 'w1', op: 'insert', stamp: 2, stamps: { note: stamp }, baseSeq: 1, values: { note: 'mine' } };
        expect((await gather()).changes).toMatchObject([row]);
      });

      it('beside what waits: of a column the later edit', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        run(`UPDATE vocabulary_item SET note = 'first', translation = 'kept' WHERE id = 'w1'`);
        const sent = await gather();
        await apply(sent, merged);
        edit('second');
        await reload('restored', 2);
        const [change] = (await gather()).changes;
        expect(change).toMatchObject({ op: 'update', values: { note: 'second', translation: 'kept' } });
        expect(change!.stamps!['translation']).toBe(sent.changes[0]!.stamp);
        expect(change!.stamps!['note']).toBeGreaterThan(sent.changes[0]!.stamp);
        expect(change!.base).toEqual({ note: [1, 'first'], translation: [1, ''] });
      });

      it('whole, where it was sent whole', async () => {
        add('w1', 'Haus');
        await apply(await gather(), merged);
        edit('since');
        await reload('restored', 2);
        const changes = [{ id: 'w1', op: 'insert', values: { word: 'Haus', note: 'since' } }];
        expect((await gather()).changes).toMatchObject(changes);
        // Refused, it goes as the new row that it is.
        await apply(await gather(), { results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value' } }] });
        expect(ids()).toEqual([]);
      });

      it('but not once its row has come: what lost there is a conflict', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        await editLosing('mine');
        await apply(noChanges(await gather()), theirs);
        await reload('restored', 4);
        expect((await gather()).changes).toEqual([]);
        expect(notes()).toEqual(['theirs']);
      });

      it('but not once the server has the row as it is here', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        await editLosing('mine');
        edit('later');
        await apply(await gather(), { results: [{ status: 'applied', seq: 7 }], cursor: 7, head: 7 });
        await reload('restored', 7);
        expect((await gather()).changes).toEqual([]);
      });

      it('but not of a row that is gone', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        await editLosing('mine');
        run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
        await apply(await gather(), { results: [{ status: 'applied', seq: 7 }], cursor: 7, head: 7 });
        await reload('restored', 7);
        expect((await gather()).changes).toEqual([]);
      });
    });

    it('from the beginning again when it has to begin a second time', async () => {
      await apply(await gather(), { changes: two, cursor: 2, head: 2 });
      await reload('away');
      await apply(await gather(), { changes: two, cursor: 2, more: true });
      await reload('away');
      await apply(await gather(), { changes: [wordPage({ id: 'w2', seq: 2, note: 'b' })], cursor: 2 });
      expect(ids()).toEqual(['w2']);
    });
  });
}
