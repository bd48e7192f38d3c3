/** What every `ChangeStore` lets go of in time, and what it keeps (exchange/compaction.ts). */
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/protocol/messages.ts';
import type { ChangeStore, Push } from '../../src/server/change-store.ts';
import { stepRows, type CompactionRules } from '../../src/server/exchange/compaction.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { rowsOf, settingInsert, settingUpdate, testTime } from '../support/server-requests.ts';
import { deletion, exchange, push, refused, settings } from '../support/store-pushes.ts';

const day = 86_400_000;
const rules: CompactionRules = { conflictAge: 30 * day, deviceAge: 60 * day, settle: day };

/** On a day after `testTime`, until nothing is due. */
async function compactOn(days: number, store: ChangeStore): Promise<{ conflicts: number; tombstones: number }> {
  const sum = { conflicts: 0, tombstones: 0 };
  for (let steps = 0; ; steps += 1) {
    expect(steps).toBeLessThan(50);
    const { more, conflicts, tombstones } = await store.compact({ now: testTime + days * day, rules });
    sum.conflicts += conflicts;
    sum.tombstones += tombstones;
    if (!more) return sum;
  }
}

/** A row that is deleted, at sequence 2. */
async function deleteOne(store: ChangeStore, id = 'x'): Promise<void> {
  await push(store, { changes: [settingInsert(id, '1')] });
  await push(store, { cursor: 1, changes: [deletion(id, { baseSeq: 1 })] });
}

/** A device asks for what is new, an hour later unless it says when. */
const pullAs = (store: ChangeStore, device: string, cursor: number, parts: Partial<Push> = {}) =>
  push(store, { device, cursor, now: testTime + day / 24, ...parts });

/** A setting that two devices edited, at sequences 1 to 4 with the conflict. */
async function collide(store: ChangeStore, strategy?: string): Promise<void> {
  const value = JSON.stringify(strategy);
  const chosen: Change[] = strategy ? [settingInsert('conflict', '', { values: { key: 'conflict', value } })] : [];
  await push(store, { changes: [settingInsert('x', '0'), ...chosen] });
  const cursor = 1 + chosen.length;
  await push(store, { device: 'b', cursor, changes: [settingUpdate('x', '1')] });
  await push(store, { cursor, changes: [settingUpdate('x', '2', { stamp: stampAt(testTime) + 9 })] });
}

/** The only conflict's id. */
async function conflictOf(store: ChangeStore): Promise<string> {
  return Object.keys(rowsOf(await push(store, { device: 'looks' }), 'conflict'))[0]!;
}

export function describeCompaction(name: string, openStore: () => Promise<ChangeStore>): void {
  describe(`${name}: a deletion`, () => {
    it('is told until every device has heard of it, and is forgotten a visit after', async () => {
      const store = await openStore();
      await deleteOne(store);
      await pullAs(store, 'b', 0);
      expect(await compactOn(2, store)).toEqual({ conflicts: 0, tombstones: 0 });
      await pullAs(store, 'device-a', 2);
      expect(await compactOn(4, store)).toEqual({ conflicts: 0, tombstones: 0 });
      expect(rowsOf(await pullAs(store, 'b', 1), 'setting')).toEqual({ x: null });
      expect(await compactOn(6, store)).toEqual({ conflicts: 0, tombstones: 0 });
      await pullAs(store, 'b', 2, { now: testTime + 6 * day });
      expect(await compactOn(8, store)).toEqual({ conflicts: 0, tombstones: 1 });
      expect((await push(store, { device: 'new' })).changes).toEqual([]);
    });

    it('is not forgotten before it has been there for a while', async () => {
      const store = await openStore();
      await compactOn(0, store);
      await deleteOne(store);
      await pullAs(store, 'device-a', 2);
      expect(await compactOn(1, store)).toMatchObject({ tombstones: 0 });
      expect(await compactOn(1.5, store)).toMatchObject({ tombstones: 0 });
      expect(await compactOn(2, store)).toMatchObject({ tombstones: 1 });
    });

    it('waits for no device that was not seen for long, which then loads everything anew', async () => {
      const store = await openStore();
      await deleteOne(store);
      await pullAs(store, 'away', 1);
      await pullAs(store, 'device-a', 2, { now: testTime + 50 * day });
      await compactOn(50, store);
      expect(await compactOn(59, store)).toMatchObject({ tombstones: 0 });
      expect(await compactOn(61, store)).toMatchObject({ tombstones: 1 });
      const back: Partial<Push> = { device: 'away', cursor: 1, now: testTime + 61 * day };
      expect(await exchange(store, { ...back, changes: [settingInsert('mine', '1')] })).toEqual(
        refused('history_compacted'),
      );
      expect(await store.head('u1')).toBe(2);
      expect(await exchange(store, { ...back, cursor: 0 })).toMatchObject({ ok: true });
    });

    it('waits for no device that was retired', async () => {
      const store = await openStore();
      await deleteOne(store);
      await pullAs(store, 'gone', 0);
      await pullAs(store, 'device-a', 2);
      await compactOn(1, store);
      await store.retireDevice({ user: 'u1', device: 'gone', except: '', now: testTime });
      expect(await compactOn(2, store)).toMatchObject({ tombstones: 1 });
    });

    it('stays while a conflict names its row, and brings the row back whole until then', async () => {
      const store = await openStore();
      await collide(store, 'manual_review');
      const { cursor } = await push(store, { changes: [deletion('x', { baseSeq: 9, stamp: stampAt(testTime) + 20 })] });
      for (const device of ['device-a', 'b']) await pullAs(store, device, cursor, { now: testTime + 49 * day });
      await compactOn(50, store);
      expect(await compactOn(100, store)).toEqual({ conflicts: 0, tombstones: 0 });
      const edit = settingUpdate('x', 'back', { baseSeq: cursor, stamp: stampAt(testTime) + 30 });
      expect((await push(store, { cursor, changes: [edit] })).results).toMatchObject([{ status: 'applied' }]);
      expect(rowsOf(await push(store, { device: 'new' }), 'setting')['x']).toEqual({ key: 'x', value: 'back' });
    });

    it('goes in steps when there are many, and leaves what lives and what is another’s', async () => {
      const store = await openStore();
      const many = stepRows + 20;
      await push(store, { changes: settings(many + 1) });
      const all = settings(many).map(({ id }) => deletion(id, { baseSeq: many }));
      const { cursor } = await push(store, { cursor: many + 1, changes: all });
      await deleteOne(store, 'after');
      await push(store, { user: 'u2', changes: [settingInsert('a', '1'), deletion('a', { baseSeq: 1 })] });
      await pullAs(store, 'device-a', cursor);
      await compactOn(1, store);
      const step = await store.compact({ now: testTime + 2 * day, rules });
      expect(step).toEqual({ more: true, conflicts: 0, tombstones: stepRows });
      expect(await compactOn(2, store)).toEqual({ conflicts: 0, tombstones: 20 });
      const left = rowsOf(await push(store, { device: 'new' }), 'setting');
      expect(left).toEqual({ [`s${many}`]: { key: `s${many}`, value: 'x' }, after: null });
      expect(rowsOf(await push(store, { user: 'u2', device: 'new' }), 'setting')).toEqual({ a: null });
    });

    it('does not send a device back that began to load after it was forgotten, however many pages it takes', async () => {
      const store = await openStore();
      await push(store, { changes: settings(6) });
      const { cursor } = await push(store, { cursor: 6, changes: [deletion('s0', { baseSeq: 6 })] });
      await pullAs(store, 'device-a', cursor);
      await compactOn(1, store);
      expect(await compactOn(2, store)).toMatchObject({ tombstones: 1 });
      const loaded: string[] = [];
      let at: Partial<Push> = { cursor: 0, known: 0, epoch: '' };
      for (let more = true; more;) {
        const page = await push(store, { device: 'new', limit: 2, ...at });
        loaded.push(...Object.keys(rowsOf(page, 'setting')));
        at = { cursor: page.cursor, known: page.head, epoch: page.epoch };
        more = page.more;
      }
      expect(loaded).toEqual(['s1', 's2', 's3', 's4', 's5']);
    });

    it('of a row that nobody has any more can be edited against: the row is asked for whole', async () => {
      const store = await openStore();
      await deleteOne(store);
      await pullAs(store, 'device-a', 2);
      await compactOn(1, store);
      await compactOn(2, store);
      const { results } = await pullAs(store, 'device-a', 2, { changes: [settingUpdate('x', '2', { baseSeq: 1 })] });
      expect(results).toEqual([{ status: 'resend', seq: 0 }]);
    });
  });

  describe(`${name}: a conflict`, () => {
    it('that was decided is deleted when it is old, which every device hears', async () => {
      const store = await openStore();
      await collide(store);
      const id = await conflictOf(store);
      const head = await store.head('u1');
      expect(await compactOn(29, store)).toEqual({ conflicts: 0, tombstones: 0 });
      expect(await compactOn(31, store)).toEqual({ conflicts: 1, tombstones: 0 });
      const heard = await pullAs(store, 'b', head, { now: testTime + 31 * day });
      expect(rowsOf(heard, 'conflict')).toEqual({ [id]: null });
      expect(heard.head).toBe(head + 1);
      for (const device of ['device-a', 'b', 'looks']) {
        await pullAs(store, device, heard.cursor, { now: testTime + 32 * day });
      }
      expect(await compactOn(33, store)).toEqual({ conflicts: 0, tombstones: 1 });
      expect(rowsOf(await push(store, { device: 'new' }), 'conflict')).toEqual({});
    });

    it('that waits for the person is kept, however old', async () => {
      const store = await openStore();
      await collide(store, 'manual_review');
      expect(await compactOn(1_000, store)).toEqual({ conflicts: 0, tombstones: 0 });
    });

    it('that the person decided late is kept from then on', async () => {
      const store = await openStore();
      await collide(store, 'manual_review');
      const id = await conflictOf(store);
      const stamp = stampAt(testTime + 20 * day);
      const decision: Change = {
        table: 'conflict',
        id,
        op: 'update',
        stamp,
        baseSeq: 9,
        values: { state: 'resolved' },
      };
      await push(store, { changes: [decision], now: testTime + 20 * day });
      expect(await compactOn(40, store)).toMatchObject({ conflicts: 0 });
      expect(await compactOn(51, store)).toMatchObject({ conflicts: 1 });
    });

    it('that is taken up again on a device that has not heard of its end comes back', async () => {
      const store = await openStore();
      await collide(store);
      const id = await conflictOf(store);
      await compactOn(31, store);
      const stamp = stampAt(testTime + 30 * day);
      const edit: Change = { table: 'conflict', id, op: 'update', stamp, baseSeq: 3, values: { state: 'resolved' } };
      expect((await push(store, { changes: [edit], now: testTime + 32 * day })).results[0]?.status).toBe('applied');
      expect(rowsOf(await push(store, { device: 'new' }), 'conflict')[id]).toMatchObject({ state: 'resolved' });
    });

    it('goes in steps when there are many', async () => {
      const store = await openStore();
      const many = stepRows + 5;
      const edit = (value: string, stamp: number) =>
        settings(many).map(({ id }) => settingUpdate(id, value, { stamp: stampAt(testTime) + stamp, baseSeq: many }));
      await push(store, { changes: settings(many) });
      await push(store, { device: 'b', cursor: many, changes: edit('1', 5) });
      await push(store, { cursor: many, changes: edit('2', 9) });
      const step = await store.compact({ now: testTime + 31 * day, rules });
      const second = await store.compact({ now: testTime + 31 * day, rules });
      // Of the two accounts the one without anything may be the first.
      expect(step.conflicts + second.conflicts).toBeGreaterThanOrEqual(stepRows);
      const rest = await compactOn(31, store);
      expect(step.conflicts + second.conflicts + rest.conflicts).toBe(many);
    });
  });
}
