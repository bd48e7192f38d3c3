/** What every `ChangeStore` gives a device that has nothing yet and asks for what a person looks at first. */
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/protocol/messages.ts';
import type { ChangeStore, Pulled } from '../../src/server/change-store.ts';
import { previewed } from '../../src/server/exchange/preview.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { rowsOf, settingInsert, testTime } from '../support/server-requests.ts';
import { deletion, push, word } from '../support/store-pushes.ts';

type Open = () => Promise<ChangeStore>;

const asked = { device: 'b', limit: 20, preview: true };

/** Words that were never studied, the later the newer. */
function newWords(count: number, from = 0): Change[] {
  return Array.from({ length: count }, (_, at) => {
    const time = testTime + (from + at) * 1_000;
    return word(`w${from + at}`, { word: `palabra ${from + at}`, translation: '', created_at: time, due_at: time });
  });
}

function studied(id: string, dueAt: number, card_state = 2): Change {
  const values = { word: id, translation: '', created_at: 1_000, due_at: dueAt, reps: 1, card_state };
  return word(id, values);
}

const wordsOf = (page: Pulled): string[] =>
  page.changes.find(({ table }) => table === 'vocabulary_item')?.ids.slice() ?? [];

export function describePreviews(name: string, openStore: Open): void {
  describe(`${name}: a preview`, () => {
    it('is who the person is, the words that are due, the longest first, and then the newest', async () => {
      const store = await openStore();
      const due = [studied('d1', testTime - 1), studied('d3', testTime - 3_000, 1), studied('d2', testTime - 20, 3)];
      const later = studied('later', testTime + 1);
      await push(store, { changes: [...due, later, ...newWords(40), settingInsert('theme', 'dark')], limit: 0 });
      const page = await push(store, asked);
      expect(page).toMatchObject({ preview: true, cursor: 0, more: true, head: 45 });
      expect(rowsOf(page, 'setting')).toEqual({ theme: { key: 'theme', value: 'dark' } });
      const newest = Array.from({ length: 16 }, (_, at) => `w${39 - at}`);
      expect(wordsOf(page)).toEqual(['d3', 'd2', 'd1', ...newest]);
      expect(rowsOf(page, 'vocabulary_item')['d3']).toMatchObject({
        card_state: 1,
        due_at: testTime - 3_000,
        note: '',
      });
    });

    it('leaves the pages after it as they are', async () => {
      const store = await openStore();
      await push(store, { changes: newWords(30), limit: 0 });
      const { epoch, head } = await push(store, asked);
      const page = await push(store, { ...asked, preview: false, known: head, epoch });
      expect(wordsOf(page)).toEqual(newWords(20).map(({ id }) => id));
      expect(page).toMatchObject({ cursor: 20, more: true });
      expect(page.preview).toBeUndefined();
    });

    it('has no more rows than it should, however many there are, each once', async () => {
      const store = await openStore();
      const due = Array.from({ length: previewed.due + 50 }, (_, at) => studied(`d${at}`, testTime - at));
      const settings = Array.from({ length: previewed.whole + 10 }, (_, at) => settingInsert(`s${at}`, 'x'));
      await push(store, { changes: [...newWords(650), ...settings, ...due], limit: 0 });
      await push(store, { changes: newWords(350, 650), limit: 0 });
      const page = await push(store, { ...asked, limit: 5_000 });
      expect(page.preview).toBe(true);
      expect(Object.keys(rowsOf(page, 'setting'))).toHaveLength(previewed.whole);
      const words = wordsOf(page);
      expect(new Set(words).size).toBe(words.length);
      expect(words).toHaveLength(previewed.due + previewed.newest);
      expect(words.slice(0, 2)).toEqual(['d149', 'd148']);
      expect(words.at(-1)).toBe(`w${1_000 - previewed.newest}`);
    });

    it('is not given of a few rows, nor to a device that has some, wants none or did not ask', async () => {
      const store = await openStore();
      await push(store, { changes: newWords(20), limit: 0 });
      expect(await push(store, asked)).toMatchObject({ cursor: 20, more: false });
      await push(store, { changes: newWords(10, 20), limit: 0 });
      const others = [{ cursor: 1 }, { limit: 0 }, { preview: false }, { preview: undefined }];
      for (const parts of others) expect((await push(store, { ...asked, ...parts })).preview).toBeUndefined();
      expect((await push(store, asked)).preview).toBe(true);
    });

    it('has no word that was deleted, nor one of somebody else', async () => {
      const store = await openStore();
      await push(store, { user: 'u2', changes: [...newWords(30, 100), studied('theirs', testTime - 9)], limit: 0 });
      await push(store, { changes: [...newWords(30), studied('gone', testTime - 9)], limit: 0 });
      const gone = ['gone', 'w29'].map((id) => deletion(id, { table: 'vocabulary_item' }));
      await push(store, { changes: gone, limit: 0 });
      const page = await push(store, asked);
      expect(wordsOf(page)).toEqual(Array.from({ length: 20 }, (_, at) => `w${28 - at}`));
    });

    it('comes with the answers to what the device pushes, without the rows that the push moved', async () => {
      const store = await openStore();
      await push(store, { changes: newWords(30), limit: 0 });
      const edit: Change = {
        ...{ table: 'vocabulary_item', id: 'w29', op: 'update', stamp: stampAt(testTime) + 9, baseSeq: 30 },
        values: { note: 'mine' },
      };
      const page = await push(store, { ...asked, changes: [edit, settingInsert('theme', 'dark')] });
      expect(page).toMatchObject({ preview: true, cursor: 0, head: 32, changed: true });
      expect(page.results).toMatchObject([{ status: 'applied' }, { status: 'applied', seq: 32 }]);
      expect(wordsOf(page)).toEqual(Array.from({ length: 20 }, (_, at) => `w${28 - at}`));
      expect(rowsOf(page, 'setting')).toEqual({});
    });

    it('brings texts as they were typed, whatever characters they have', async () => {
      const store = await openStore();
      const odd = word('odd', { word: 'a\u0000"\\\u2028', translation: '', due_at: 5, card_state: 2, created_at: 5 });
      await push(store, { changes: [odd, ...newWords(30)], limit: 0 });
      expect(rowsOf(await push(store, asked), 'vocabulary_item')['odd']).toMatchObject({ word: 'a\u0000"\\\u2028' });
    });
  });
}
