/** What every `ChangeStore` gives a device that asks for what is new. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import type { Change } from '../../src/protocol/messages.ts';
import { columnsOf } from '../../src/schema/tables.ts';
import type { ChangeStore } from '../../src/server/change-store.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { rowsOf, settingInsert, settingUpdate, testTime } from '../support/server-requests.ts';
import { push, settings, word } from '../support/store-pushes.ts';

type Open = () => Promise<ChangeStore>;

export function describePulls(name: string, openStore: Open): void {
  describe(`${name}: a pull`, () => {
    it('is cut into pages by rows, and the pages together are everything once', async () => {
      const store = await openStore();
      await push(store, { changes: settings(7), limit: 0 });
      const pages: string[][] = [];
      let cursor = 0;
      for (let more = true; more;) {
        const page = await push(store, { device: 'b', cursor, limit: 3 });
        pages.push(Object.keys(rowsOf(page, 'setting')));
        ({ cursor, more } = page);
      }
      expect(pages).toEqual([['s0', 's1', 's2'], ['s3', 's4', 's5'], ['s6']]);
      expect(cursor).toBe(7);
    });

    it('gives the conflicts that a change made before the row that it made them of (I4)', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('theme', 'dark')] });
      const edit = (value: string, after: number) =>
        settingUpdate('theme', value, { stamp: stampAt(testTime) + after });
      await push(store, { device: 'b', changes: [edit('blue', 9)], limit: 0 });
      const late = await push(store, { device: 'c', changes: [edit('red', 5)], limit: 0 });
      const first = await push(store, { device: 'd', cursor: 2, limit: 1 });
      const second = await push(store, { device: 'd', cursor: first.cursor, limit: 1 });
      expect(first.changes).toMatchObject([{ table: 'conflict', seqs: [3] }]);
      expect(second.changes).toMatchObject([{ table: 'setting', ids: ['theme'], seqs: [4] }]);
      expect(late).toMatchObject({ head: 4, results: [{ status: 'merged', seq: 0 }] });
    });

    it('does not promise more when the last row just fits', async () => {
      const store = await openStore();
      await push(store, { changes: settings(3), limit: 0 });
      expect(await push(store, { device: 'b', limit: 3 })).toMatchObject({ more: false, cursor: 3 });
    });

    it('never takes more rows than the protocol allows, whatever is asked for', async () => {
      const store = await openStore();
      for (let at = 0; at <= limits.pullRows; at += limits.pushChanges) {
        await push(store, { changes: settings(limits.pushChanges, at), limit: 0 });
      }
      const page = await push(store, { device: 'b', limit: Number.MAX_SAFE_INTEGER });
      expect(page.changes[0]?.ids).toHaveLength(limits.pullRows);
      expect(page).toMatchObject({ more: true, cursor: limits.pullRows });
    });

    it('is cut by bytes after the row that passes the limit', async () => {
      const store = await openStore();
      const documents = Array.from({ length: 30 }, (_, at) => document(`d${at}`, 'é'.repeat(100_000)));
      await push(store, { changes: documents, limit: 0 });
      const page = await push(store, { device: 'b' });
      const bytes = Buffer.byteLength(JSON.stringify(page.changes));
      expect(page.more).toBe(true);
      expect(bytes).toBeGreaterThanOrEqual(limits.pullBytes);
      expect(bytes).toBeLessThan(limits.pullBytes + 210_000);
      const rest = await push(store, { device: 'b', cursor: page.cursor });
      expect([page, rest].flatMap(({ changes }) => changes[0]?.ids ?? [])).toHaveLength(30);
      expect(rest.more).toBe(false);
    });

    it('with a limit of 0 gives no rows and leaves the cursor where it was', async () => {
      const store = await openStore();
      await push(store, { changes: settings(2) });
      expect(await push(store, { device: 'b', cursor: 1, limit: 0 })).toMatchObject({
        changes: [],
        cursor: 1,
        more: true,
      });
      expect(await push(store, { device: 'b', cursor: 2, limit: 0 })).toMatchObject({
        changes: [],
        cursor: 2,
        more: false,
      });
    });

    it('gives the rows of others between the own ones, and the cursor covers all of them', async () => {
      const store = await openStore();
      await push(store, { device: 'b', changes: [settingInsert('theirs', '1')] });
      const page = await push(store, { changes: [settingInsert('mine', '2')], limit: 1 });
      expect(rowsOf(page, 'setting')).toEqual({ theirs: { key: 'theirs', value: '1' } });
      expect(page).toMatchObject({ cursor: 2, more: false });
    });

    it('lays rows out by table in sync order, with every declared column and the defaults of missing ones', async () => {
      const store = await openStore();
      await push(store, { changes: [word('w', { word: 'casa', translation: 'house' }), settingInsert('a', '1')] });
      const page = await push(store, { device: 'b' });
      expect(page.changes.map(({ table }) => table)).toEqual(['setting', 'vocabulary_item']);
      expect(page.changes[1]?.columns).toEqual(columnsOf('vocabulary_item'));
      expect(rowsOf(page, 'vocabulary_item')['w']).toMatchObject({
        word: 'casa',
        note: '',
        reps: 0,
        last_review_at: null,
      });
    });
  });
}

function document(id: string, content: string): Change {
  return {
    table: 'document',
    id,
    op: 'insert',
    stamp: stampAt(testTime),
    baseSeq: 0,
    values: { title: id, language: 'es', content, content_hash: id.padStart(64, '0'), added_at: testTime },
  };
}
