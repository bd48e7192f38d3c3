/** What every `ChangeStore` must do with the keys of Web Push and with browsers that want to be woken. */
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import type { Change } from '../../src/protocol/messages.ts';
import type { ChangeStore } from '../../src/server/change-store.ts';
import type { NewSubscription, PushTarget } from '../../src/server/push-store.ts';
import { settingInsert, testTime } from '../support/server-requests.ts';
import { addAccount, push, word } from '../support/store-pushes.ts';
import type { OpenedStore } from './change-store.ts';

const minute = 60_000;

export function pushStoreSuite(name: string, open: () => Promise<OpenedStore>): void {
  let opened: OpenedStore | null = null;
  /** Two people; the first is signed in on three devices, the second on one. */
  const openStore = async (): Promise<ChangeStore> => {
    opened = await open();
    for (const user of ['u1', 'u2']) await addAccount(opened.store, user);
    for (const id of ['phone', 'laptop', 'tablet']) await signIn(opened.store, id);
    await signIn(opened.store, 'theirs', 'u2');
    return opened.store;
  };
  afterEach(async () => {
    await opened?.dispose();
    opened = null;
  });

  describe(`${name}: the keys for Web Push`, () => {
    it('are the first that were offered, also after a restart', async () => {
      const store = await openStore();
      const first = { publicKey: 'public', privateKey: 'private' };
      expect(await store.vapidKeys(first)).toEqual(first);
      expect(await store.vapidKeys({ publicKey: 'other', privateKey: 'other' })).toEqual(first);
      const again = await opened!.reopen();
      expect(await again.vapidKeys({ publicKey: 'third', privateKey: 'third' })).toEqual(first);
    });
  });

  describe(`${name}: a push subscription`, () => {
    it('is one a session, and the last one counts', async () => {
      const store = await openStore();
      expect(await store.findPush('phone')).toBeNull();
      await store.subscribePush(subscription('phone'));
      await store.subscribePush(subscription('phone', { target: target('anew') }));
      expect(await store.findPush('phone')).toEqual({ endpoint: target('anew').endpoint, reminder: null });
      expect(await asleep(store)).toEqual([{ session: 'phone', target: target('anew') }]);
    });

    it('keeps its reminder until it is told another, or none', async () => {
      const store = await openStore();
      const reminder = { hour: 18, timeZone: 'Europe/Madrid' };
      await store.subscribePush(subscription('phone', { reminder: { ...reminder, nextAt: testTime } }));
      await store.subscribePush(subscription('phone', { target: target('anew') }));
      expect((await store.findPush('phone'))?.reminder).toEqual(reminder);
      expect(await store.dueReminders(testTime, 10)).toHaveLength(1);
      await store.subscribePush(subscription('phone', { reminder: null }));
      expect((await store.findPush('phone'))?.reminder).toBeNull();
      expect(await store.dueReminders(testTime, 10)).toEqual([]);
    });

    it('is not made for a session of somebody else, or of nobody', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('theirs'));
      await store.subscribePush(subscription('nobody'));
      expect(await store.findPush('theirs')).toBeNull();
      expect(await store.findPush('nobody')).toBeNull();
      // Nor does what somebody else says of a reminder reach it.
      await store.subscribePush(subscription('theirs', { user: 'u2' }));
      const reminder = { hour: 1, timeZone: 'UTC', nextAt: 1 };
      await store.subscribePush(subscription('theirs', { reminder }));
      expect((await store.findPush('theirs'))?.reminder).toBeNull();
    });

    it('ends when it is taken back, and with an endpoint only if it is still that one', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('phone'));
      await store.subscribePush(subscription('laptop'));
      await store.unsubscribePush('phone', target('laptop').endpoint);
      expect(await store.findPush('phone')).not.toBeNull();
      await store.unsubscribePush('phone', target('phone').endpoint);
      await store.unsubscribePush('laptop');
      expect(await asleep(store)).toEqual([]);
    });

    it('ends with its session, however that ends', async () => {
      const store = await openStore();
      const ends: readonly ((id: string) => Promise<unknown>)[] = [
        (id) => store.deleteSession(id),
        (id) => store.endSession('u1', `id of ${id}`),
        () => store.endOtherSessions('u1', 'phone'),
        () => store.changePassword({ user: 'u1', passwordHash: 'new', keep: 'phone' }),
        async (id) => {
          await push(store, { device: 'device-l', session: id });
          await store.retireDevice({ user: 'u1', device: 'device-l', except: 'phone', now: testTime });
        },
      ];
      for (const [at, end] of ends.entries()) {
        const id = `s${at}`;
        await signIn(store, id);
        await store.subscribePush(subscription(id));
        expect(await store.findPush(id)).not.toBeNull();
        await end(id);
        expect(await store.findPush(id), String(end)).toBeNull();
      }
    });

    it('goes with the account', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('phone'));
      await store.subscribePush(subscription('theirs', { user: 'u2' }));
      await store.deleteAccount('u1');
      expect(await store.findPush('phone')).toBeNull();
      expect(await store.findPush('theirs')).not.toBeNull();
      expect((await opened!.rowCounts())['push_subscription']).toBe(1);
    });

    it('beyond the limit of an account takes the place of the oldest', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('theirs', { user: 'u2' }));
      for (let at = 0; at <= limits.pushSubscriptions; at += 1) {
        await signIn(store, `s${at}`);
        await store.subscribePush(subscription(`s${at}`, { now: testTime + at }));
      }
      expect(await store.findPush('s0')).toBeNull();
      expect(await store.findPush('s1')).not.toBeNull();
      expect(await asleep(store)).toHaveLength(limits.pushSubscriptions);
      expect(await store.findPush('theirs')).not.toBeNull();
    });
  });

  describe(`${name}: who is to be woken`, () => {
    it('is who does not know yet and does not listen, of this user alone', async () => {
      const store = await openStore();
      for (const id of ['phone', 'laptop', 'tablet']) await store.subscribePush(subscription(id));
      await store.subscribePush(subscription('theirs', { user: 'u2' }));
      await store.notePushListeners(['tablet', 'nobody'], testTime + 1);
      expect(await asleep(store, { aware: ['laptop'] })).toEqual([{ session: 'phone', target: target('phone') }]);
      expect(await sessionsAsleep(store, { now: testTime + 5 * minute, aware: [] })).toEqual([
        'laptop',
        'phone',
        'tablet',
      ]);
    });

    it('is nobody whose session has expired', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('phone'));
      expect(await asleep(store, { now: testTime + 1_000 * minute })).toEqual([]);
    });

    it('is each one once in a while, and it is told when those that were left alone had been woken', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('phone'));
      expect(await store.claimWakes(claim())).toMatchObject({ leftAlone: null });
      await store.subscribePush(subscription('laptop'));
      const soon = claim({ now: testTime + 10, wokenBefore: testTime - 1 });
      const again = await store.claimWakes(soon);
      expect(again.recipients.map(({ session }) => session)).toEqual(['laptop']);
      expect(again.leftAlone).toBe(testTime);
      expect(await store.claimWakes(claim({ now: testTime + 20, wokenBefore: testTime }))).toMatchObject({
        recipients: [{ session: 'phone' }],
        leftAlone: testTime + 10,
      });
    });

    it('is nobody who was woken after the change, as by another server: neither now nor later', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('phone'));
      await store.claimWakes(claim());
      const before = { recipients: [], leftAlone: null };
      expect(await store.claimWakes(claim({ changedAt: testTime - 1 }))).toEqual(before);
      expect(await store.claimWakes(claim({ changedAt: testTime - 1, wokenBefore: testTime - 2 }))).toEqual(before);
      expect(await asleep(store, { changedAt: testTime })).toHaveLength(1);
    });

    it('is in one of several claims at the same time', async () => {
      const store = await openStore();
      for (const id of ['phone', 'laptop', 'tablet']) await store.subscribePush(subscription(id));
      const claims = await Promise.all(
        Array.from({ length: 8 }, () => store.claimWakes(claim({ wokenBefore: testTime - 1 }))),
      );
      expect(claims.flatMap(({ recipients }) => recipients.map(({ session }) => session)).sort()).toEqual([
        'laptop',
        'phone',
        'tablet',
      ]);
    });
  });

  describe(`${name}: a reminder`, () => {
    const reminder = { hour: 18, timeZone: 'Europe/Madrid', nextAt: testTime };

    it('is due at its time, the earliest first, and says whether its browser listens', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('phone', { reminder }));
      await store.subscribePush(subscription('laptop', { reminder: { ...reminder, nextAt: testTime - 1 } }));
      await store.subscribePush(
        subscription('theirs', { user: 'u2', reminder: { ...reminder, nextAt: testTime + 1 } }),
      );
      await store.notePushListeners(['phone'], testTime + 1);
      const time = { user: 'u1', hour: 18, timeZone: 'Europe/Madrid' };
      expect(await store.dueReminders(testTime, 10)).toEqual([
        { session: 'laptop', target: target('laptop'), ...time, at: testTime - 1, listens: false },
        { session: 'phone', target: target('phone'), ...time, at: testTime, listens: true },
      ]);
      expect(await store.dueReminders(testTime, 1)).toHaveLength(1);
      expect(await store.dueReminders(testTime + 1_000 * minute, 10)).toEqual([]);
    });

    it('is moved by one server only', async () => {
      const store = await openStore();
      await store.subscribePush(subscription('phone', { reminder }));
      const move = { session: 'phone', at: testTime, nextAt: testTime + minute };
      const moved = await Promise.all([store.moveReminder(move), store.moveReminder(move)]);
      expect(moved.sort()).toEqual([false, true]);
      expect(await store.dueReminders(testTime, 10)).toEqual([]);
      expect(await store.dueReminders(testTime + minute, 10)).toHaveLength(1);
    });

    it('has cards to tell of when one that was seen before is due, and it is this user’s', async () => {
      const store = await openStore();
      const card = (id: string, state: number, due: number, note = ''): Change =>
        word(id, { word: id, translation: '', note, card_state: state, due_at: due });
      await push(store, {
        changes: [
          settingInsert('theme', 'dark'),
          card('never seen', 0, testTime - 1),
          card('later', 2, testTime + 1),
          card('pretends', 0, testTime + 1, '"card_state":2,"due_at":1,\0'),
        ],
      });
      await push(store, { user: 'u2', device: 'device-t', changes: [card('theirs', 2, 1)] });
      expect(await store.hasDueCards('u1', testTime)).toBe(false);
      expect(await store.hasDueCards('u1', testTime + 1)).toBe(true);
      expect(await store.hasDueCards('u2', testTime)).toBe(true);
      expect(await store.hasDueCards('nobody', testTime)).toBe(false);
    });
  });
}

function signIn(store: ChangeStore, id: string, user = 'u1'): Promise<void> {
  const expiresAt = testTime + 500 * minute;
  return store.createSession({ id: `id of ${id}`, tokenHash: id, user, deviceName: id, now: testTime, expiresAt });
}

function target(id: string): PushTarget {
  return { endpoint: `https://push.example/${id}`, p256dh: `key of ${id}`, auth: `secret of ${id}` };
}

function subscription(session: string, parts: Partial<NewSubscription> = {}): NewSubscription {
  return { user: 'u1', session, target: target(session), now: testTime, ...parts };
}

function claim(parts: Partial<Parameters<ChangeStore['claimWakes']>[0]> = {}) {
  const late = testTime + 1_000 * minute;
  return { user: 'u1', aware: [], changedAt: late, now: testTime, wokenBefore: late, ...parts };
}

async function asleep(store: ChangeStore, parts: Parameters<typeof claim>[0] = {}) {
  return (await store.claimWakes(claim(parts))).recipients;
}

async function sessionsAsleep(store: ChangeStore, parts: Parameters<typeof claim>[0]): Promise<string[]> {
  return (await asleep(store, parts)).map(({ session }) => session).sort();
}
