/**
 * What every `ChangeStore` must do. An implementation's test calls `changeStoreSuite` with how to open one (see
 * change-store.test.ts).
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { ChangeStore, Push } from '../../src/server/change-store.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { rowsOf, settingInsert, settingUpdate, testTime } from '../support/server-requests.ts';
import { addAccount, deletion, exchange, push, refused, settings } from '../support/store-pushes.ts';
import { describeCompaction } from './change-store-compaction.ts';
import { describeCrowds } from './change-store-crowds.ts';
import { describePreviews } from './change-store-previews.ts';
import { describePulls } from './change-store-pulls.ts';
import { describePushes } from './change-store-pushes.ts';
import { describeStrategies } from './change-store-strategies.ts';
import { describeVersions } from './change-store-versions.ts';

export interface OpenedStore {
  readonly store: ChangeStore;
  /** Closes it and opens the same data again, as after a restart. */
  reopen(): Promise<ChangeStore>;
  /** How many rows each table of the database holds, whatever tables there are. */
  rowCounts(): Promise<Readonly<Record<string, number>>>;
  /** Closes it and removes its data. */
  dispose(): Promise<void>;
}

export function changeStoreSuite(name: string, open: () => Promise<OpenedStore>): void {
  let opened: OpenedStore | null = null;
  const openStore = async (): Promise<ChangeStore> => {
    opened = await open();
    for (const user of ['u1', 'u2']) await addAccount(opened.store, user);
    return opened.store;
  };
  afterEach(async () => {
    await opened?.dispose();
    opened = null;
  });

  describeVersions(name, openStore);
  describeCompaction(name, openStore);
  describePushes(name, openStore);
  describeStrategies(name, openStore);
  describePulls(name, openStore);
  describePreviews(name, openStore);
  describeCrowds(name, openStore);

  describe(`${name}: devices`, () => {
    const writers: Push['writers'] = [['w', 1]];
    const signIn = (store: ChangeStore, tokenHash: string, deviceName: string) =>
      store.createSession({
        id: `id of ${tokenHash}`,
        tokenHash,
        user: 'u1',
        deviceName,
        now: testTime,
        expiresAt: testTime + 9e9,
      });

    it('are listed by the name of their session, the latest first, each user their own', async () => {
      const store = await openStore();
      await signIn(store, 't', 'Firefox on Linux');
      await push(store, { device: 'a', session: 't' });
      await push(store, { device: 'b', now: testTime + 60_000 });
      await push(store, { user: 'u2', device: 'c' });
      expect(await store.devices('u1', testTime)).toEqual([
        { id: 'b', name: '', firstSeen: testTime + 60_000, lastSeen: testTime + 60_000, session: null },
        { id: 'a', name: 'Firefox on Linux', firstSeen: testTime, lastSeen: testTime, session: 'id of t' },
      ]);
    });

    it('are listed with the session that they last synced in, for as long as it is good', async () => {
      const store = await openStore();
      const session = async (now = testTime) => (await store.devices('u1', now))[0]?.session;
      await signIn(store, 't', 'phone');
      await signIn(store, 's', 'phone');
      await push(store, { device: 'a', session: 't' });
      expect(await session()).toBe('id of t');
      expect(await session(testTime + 9e9)).toBeNull();
      await push(store, { device: 'a', session: 's' });
      expect(await session()).toBe('id of s');
      await store.endSession('u1', 'id of s');
      expect(await session()).toBeNull();
    });

    it('that are retired are no longer listed nor served, their session ends, and others stay', async () => {
      const store = await openStore();
      await signIn(store, 't', 'phone');
      await push(store, { device: 'a', session: 't' });
      const retirement = { user: 'u1', device: 'a', except: 'mine', now: testTime };
      expect(await store.retireDevice({ ...retirement, user: 'u2' })).toBeNull();
      expect(await store.retireDevice(retirement)).toEqual({ session: 't' });
      expect(await store.retireDevice(retirement)).toBeNull();
      expect(await store.devices('u1', testTime)).toEqual([]);
      expect(await store.findSession('t', testTime)).toBeNull();
      const changes = [settingInsert('x', '1')];
      expect(await exchange(store, { device: 'a', changes })).toEqual(refused('device_retired'));
      expect(await store.head('u1')).toBe(0);
    });

    it('that are retired by their own session leave that session signed in', async () => {
      const store = await openStore();
      await signIn(store, 't', 'phone');
      await push(store, { device: 'a', session: 't' });
      const retirement = { user: 'u1', device: 'a', except: 't', now: testTime };
      expect(await store.retireDevice(retirement)).toEqual({ session: null });
      expect(await store.findSession('t', testTime)).not.toBeNull();
    });

    it('of one id are told apart by what they know of each other, after a restart too', async () => {
      const store = await openStore();
      await push(store, { writers, changes: [settingInsert('x', '1')] });
      const other: Partial<Push> = { writers: [['v', 9]], changes: [settingInsert('y', '1')] };
      expect(await exchange(store, other)).toEqual(refused('device_taken'));
      expect(await store.head('u1')).toBe(1);
      const again = await opened!.reopen();
      expect(await exchange(again, other)).toEqual(refused('device_taken'));
      expect(await exchange(again, { ...other, user: 'u2' })).toMatchObject({ ok: true });
      expect(await exchange(again, { writers: [...writers, ['v', 9]] })).toMatchObject({ ok: true });
    });
  });

  describe(`${name}: its history`, () => {
    it('goes on over restarts, and what a device knows of it stays good', async () => {
      const store = await openStore();
      const first = await push(store, { changes: settings(2) });
      const again = await opened!.reopen();
      const second = await push(again, { device: 'b', changes: settings(1, 2) });
      expect(second.epoch).not.toBe(first.epoch);
      const pulled = await exchange(again, { cursor: 2, known: 2, epoch: first.epoch });
      expect(pulled).toMatchObject({ value: { epoch: second.epoch, cursor: 3, head: 3 } });
    });

    it('goes on with what a compaction writes after a restart', async () => {
      const store = await openStore();
      await push(store, { changes: settings(1) });
      const edits = (value: string, stamp: number) => [
        settingUpdate('s0', value, { stamp: stampAt(testTime) + stamp }),
      ];
      await push(store, { device: 'b', cursor: 1, changes: edits('1', 5) });
      const { epoch, head } = await push(store, { cursor: 1, changes: edits('2', 9) });
      const again = await opened!.reopen();
      const month = 30 * 86_400_000;
      const rules = { conflictAge: month, deviceAge: month, settle: 1 };
      for (let more = true; more;) ({ more } = await again.compact({ now: testTime + 2 * month, rules }));
      const pulled = await push(again, { cursor: head, known: head, epoch });
      expect(pulled).toMatchObject({ head: head + 1 });
      expect(pulled.epoch).not.toBe(epoch);
      expect(await exchange(again, { cursor: head + 1, known: head + 1, epoch })).toEqual(
        refused('history_lost', head),
      );
    });

    it('has no more than was stored: a device that knows more hears of the last that it shares', async () => {
      const store = await openStore();
      const { epoch } = await push(store, { changes: settings(2) });
      expect(await exchange(store, { cursor: 9, known: 9, epoch })).toEqual(refused('history_lost', 2));
      await push(await opened!.reopen(), { device: 'b', changes: settings(9, 2) });
      const again = await opened!.reopen();
      expect(await exchange(again, { cursor: 9, known: 9, epoch })).toEqual(refused('history_lost', 2));
      expect(await exchange(again, { known: 9, epoch: 'another' })).toEqual(refused('history_lost', 0));
    });
  });

  describe(`${name}: users`, () => {
    it('never see or change rows of each other, even under the same ids', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('theme', 'dark')] });
      const other = await push(store, { user: 'u2', changes: [settingUpdate('theme', 'stolen'), deletion('theme')] });
      expect(other.results.map(({ status }) => status)).toEqual(['resend', 'applied']);
      expect(rowsOf(other, 'setting')).toEqual({});
      expect(rowsOf(await push(store, { device: 'b' }), 'setting')).toEqual({ theme: { key: 'theme', value: 'dark' } });
      expect(await store.head('u1')).toBe(1);
      expect(await store.head('nobody')).toBe(0);
    });

    it('count their sequences apart', async () => {
      const store = await openStore();
      await push(store, { changes: settings(3) });
      expect((await push(store, { user: 'u2', changes: settings(1) })).results).toEqual([
        { status: 'applied', seq: 1 },
      ]);
    });
  });

  describe(`${name}: many at once`, () => {
    it('are served one after another without a gap or a double in the sequence', async () => {
      const store = await openStore();
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          push(store, { device: `d${at}`, changes: [settingInsert(`s${at}`, 'x')], limit: 0 }),
        ),
      );
      expect(all.map(({ results }) => results[0]?.seq).sort((a, b) => a! - b!)).toEqual(
        Array.from({ length: 50 }, (_, at) => at + 1),
      );
    });

    it('a push that fails does not take the others with it', async () => {
      const store = await openStore();
      const outcomes = await Promise.allSettled([
        push(store, { changes: [settingInsert('a', '1')] }),
        push(store, { user: 'nobody', changes: [settingInsert('b', '1')] }),
        push(store, { device: 'b', changes: [settingInsert('c', '1')] }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(Object.keys(rowsOf(await push(store, { device: 'z' }), 'setting'))).toEqual(['a', 'c']);
    });

    it('what was acknowledged is there after a restart, with the clock and the memory of duplicates', async () => {
      const store = await openStore();
      await push(store, { changes: settings(5) });
      const again = await opened!.reopen();
      const pulled = await push(again, { device: 'b' });
      expect(Object.keys(rowsOf(pulled, 'setting'))).toHaveLength(5);
      expect(pulled).toMatchObject({ head: 5, clock: stampAt(testTime) });
      expect((await push(again, { changes: settings(5) })).results.map(({ status }) => status)).toEqual(
        Array.from({ length: 5 }, () => 'duplicate'),
      );
    });

    it('finishes what was begun before it closes', async () => {
      const store = await openStore();
      const pushes = Array.from({ length: 20 }, (_, at) => push(store, { changes: [settingInsert(`s${at}`, 'x')] }));
      const again = await opened!.reopen();
      await Promise.all(pushes);
      expect(await again.head('u1')).toBe(20);
    });
  });

  describe(`${name}: at work`, () => {
    it('says that it can serve', async () => {
      const store = await openStore();
      await expect(store.check()).resolves.toBeUndefined();
    });
  });
}
