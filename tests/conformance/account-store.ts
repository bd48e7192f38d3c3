/** What every `ChangeStore` must do with accounts, sessions and passkeys. Called beside `changeStoreSuite`. */
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import type { NewPasskey, NewSession } from '../../src/server/account-store.ts';
import { UnknownAccount, type ChangeStore } from '../../src/server/change-store.ts';
import { settingInsert, testTime } from '../support/server-requests.ts';
import { addAccount, push, word } from '../support/store-pushes.ts';
import type { OpenedStore } from './change-store.ts';

export function accountStoreSuite(name: string, open: () => Promise<OpenedStore>): void {
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

  describe(`${name}: accounts`, () => {
    it('are found by name key and by id, and no two have the same key', async () => {
      const store = await openStore();
      const ana = { id: 'a1', name: 'Ana', nameKey: 'ana', passwordHash: 'h', now: testTime };
      expect(await store.createAccount(ana)).toEqual({ id: 'a1', name: 'Ana' });
      expect(await store.createAccount({ ...ana, id: 'a2', name: 'ANA' })).toBeNull();
      const record = { id: 'a1', name: 'Ana', passwordHash: 'h', createdAt: testTime };
      expect(await store.findAccount('ana')).toEqual(record);
      expect(await store.getAccount('a1')).toEqual(record);
      expect(await store.findAccount('ann')).toBeNull();
      expect(await store.getAccount('a2')).toBeNull();
    });

    it('change their password, which ends every session but one', async () => {
      const store = await openStore();
      for (const id of ['here', 'there', 'elsewhere']) await store.createSession(session(id));
      await store.createSession(session('theirs', { user: 'u2' }));
      const ended = await store.changePassword({ user: 'u1', passwordHash: 'new', keep: 'hash of here' });
      expect(ended.sort()).toEqual(['hash of elsewhere', 'hash of there']);
      expect((await store.getAccount('u1'))?.passwordHash).toBe('new');
      expect((await store.getAccount('u2'))?.passwordHash).toBe('');
      expect(await sessionIds(store, 'u1')).toEqual(['here']);
      expect(await sessionIds(store, 'u2')).toEqual(['theirs']);
    });
  });

  describe(`${name}: sessions`, () => {
    it('are good until they expire, longer when touched, and not after they were deleted', async () => {
      const store = await openStore();
      await store.createSession(session('s', { now: 100, expiresAt: 200 }));
      const user = { id: 'u1', name: 'u1' };
      expect(await store.findSession('hash of s', 199)).toEqual({ id: 's', user, usedAt: 100, expiresAt: 200 });
      expect(await store.findSession('hash of s', 200)).toBeNull();
      await store.touchSession('hash of s', { usedAt: 150, expiresAt: 300 });
      expect(await store.findSession('hash of s', 299)).toEqual({ id: 's', user, usedAt: 150, expiresAt: 300 });
      await store.deleteSession('hash of s');
      expect(await store.findSession('hash of s', 150)).toBeNull();
    });

    it('of several devices are apart, and expired ones go when a new one begins', async () => {
      const store = await openStore();
      await store.createSession(session('old', { now: 0, expiresAt: 100 }));
      await store.createSession(session('new', { now: 100, expiresAt: 200 }));
      expect(await store.findSession('hash of old', 50)).toBeNull();
      await store.createSession(session('other', { user: 'u2', now: 100, expiresAt: 200 }));
      await store.deleteSession('hash of new');
      expect((await store.findSession('hash of other', 150))?.user.id).toBe('u2');
    });

    it('are listed with the last used first, without the expired and those of others', async () => {
      const store = await openStore();
      await store.createSession(session('a', { now: 1, expiresAt: 500, deviceName: 'Phone' }));
      await store.createSession(session('b', { now: 2, expiresAt: 500 }));
      await store.createSession(session('brief', { now: 3, expiresAt: 50 }));
      await store.createSession(session('theirs', { user: 'u2', now: 4, expiresAt: 500 }));
      await store.touchSession('hash of a', { usedAt: 9, expiresAt: 500 });
      const [first, ...rest] = await store.listSessions('u1', 60);
      expect(first).toEqual({ id: 'a', tokenHash: 'hash of a', deviceName: 'Phone', createdAt: 1, usedAt: 9 });
      expect(rest.map(({ id }) => id)).toEqual(['b']);
    });

    it('end by their id, only for the one whose they are', async () => {
      const store = await openStore();
      for (const id of ['a', 'b']) await store.createSession(session(id));
      expect(await store.endSession('u2', 'a')).toBeNull();
      expect(await store.endSession('u1', 'hash of a')).toBeNull();
      expect(await store.endSession('u1', 'a')).toBe('hash of a');
      expect(await store.endSession('u1', 'a')).toBeNull();
      expect(await sessionIds(store, 'u1')).toEqual(['b']);
    });

    it('end everywhere else', async () => {
      const store = await openStore();
      for (const id of ['a', 'b', 'c']) await store.createSession(session(id));
      await store.createSession(session('theirs', { user: 'u2' }));
      expect((await store.endOtherSessions('u1', 'hash of b')).sort()).toEqual(['hash of a', 'hash of c']);
      expect(await sessionIds(store, 'u1')).toEqual(['b']);
      expect(await sessionIds(store, 'u2')).toEqual(['theirs']);
    });

    it('do not begin for an account that is not there', async () => {
      const store = await openStore();
      await store.createSession(session('s', { user: 'nobody' })).catch(() => undefined);
      expect(await store.findSession('hash of s', testTime)).toBeNull();
    });
  });

  describe(`${name}: passkeys`, () => {
    it('come back as they were added, in that order', async () => {
      const store = await openStore();
      const [first, second] = [passkey('one', { counter: 7 }), passkey('two', { transports: [] })];
      expect(await store.addPasskey(first)).toBe(true);
      expect(await store.addPasskey(second)).toBe(true);
      const { user, now, ...kept } = first;
      expect(await store.listPasskeys(user)).toEqual([
        { ...kept, createdAt: now, usedAt: null },
        expect.objectContaining({ id: 'two', transports: [] }),
      ]);
      expect(await store.listPasskeys('u2')).toEqual([]);
      const found = await store.findPasskey('credential one');
      expect(found).toMatchObject({ user: { id: 'u1', name: 'u1' }, passkey: { id: 'one', counter: 7 } });
      expect(await store.findPasskey('one')).toBeNull();
    });

    it('refuse a credential that is known already, whoever has it', async () => {
      const store = await openStore();
      await store.addPasskey(passkey('one'));
      const again = passkey('two', { user: 'u2', credentialId: 'credential one' });
      expect(await store.addPasskey(again)).toBe(false);
      expect((await store.findPasskey('credential one'))?.user.id).toBe('u1');
      expect(await store.listPasskeys('u2')).toEqual([]);
    });

    it('count their uses, and refuse one that was checked against an older count', async () => {
      const store = await openStore();
      await store.addPasskey(passkey('one', { counter: 3 }));
      const use = { credentialId: 'credential one', counterBefore: 3, counter: 4, now: 900 };
      expect(await store.usePasskey(use)).toBe(true);
      expect(await store.usePasskey({ ...use, counter: 5, now: 901 })).toBe(false);
      expect((await store.listPasskeys('u1'))[0]).toMatchObject({ counter: 4, usedAt: 900 });
    });

    it('without a count are used again and again', async () => {
      const store = await openStore();
      await store.addPasskey(passkey('one', { counter: 0 }));
      const use = { credentialId: 'credential one', counterBefore: 0, counter: 0, now: 900 };
      expect([await store.usePasskey(use), await store.usePasskey(use)]).toEqual([true, true]);
    });

    it('are renamed and removed only by the one whose they are', async () => {
      const store = await openStore();
      await store.addPasskey(passkey('one'));
      expect(await store.renamePasskey({ user: 'u2', id: 'one', name: 'stolen' })).toBe(false);
      expect(await store.deletePasskey('u2', 'one')).toBe(false);
      expect(await store.renamePasskey({ user: 'u1', id: 'one', name: 'Blue key' })).toBe(true);
      expect((await store.listPasskeys('u1'))[0]?.name).toBe('Blue key');
      expect(await store.deletePasskey('u1', 'one')).toBe(true);
      expect(await store.deletePasskey('u1', 'one')).toBe(false);
      expect(await store.findPasskey('credential one')).toBeNull();
    });
  });

  describe(`${name}: ceremonies`, () => {
    const ceremony = { tokenHash: 't', challenge: 'c', purpose: 'add', user: 'u1', expiresAt: 200 } as const;

    it('are taken once', async () => {
      const store = await openStore();
      await store.beginCeremony(ceremony, 100);
      expect(await store.takeCeremony('other', 150)).toBeNull();
      expect(await store.takeCeremony('t', 150)).toEqual(ceremony);
      expect(await store.takeCeremony('t', 150)).toBeNull();
    });

    it('are of nobody for a sign-in', async () => {
      const store = await openStore();
      const signIn = { ...ceremony, purpose: 'sign-in', user: null } as const;
      await store.beginCeremony(signIn, 100);
      expect(await store.takeCeremony('t', 150)).toEqual(signIn);
    });

    it('are over when they expire, and do not pile up', async () => {
      const store = await openStore();
      await store.beginCeremony(ceremony, 100);
      expect(await store.takeCeremony('t', 200)).toBeNull();
      await store.beginCeremony(ceremony, 100);
      await store.beginCeremony({ ...ceremony, tokenHash: 'later', expiresAt: 900 }, 200);
      expect(await store.takeCeremony('t', 150)).toBeNull();
      expect((await store.takeCeremony('later', 300))?.tokenHash).toBe('later');
    });
  });

  describe(`${name}: what an account takes along`, () => {
    it('is listed by table and id, page by page, without what was deleted or is of others', async () => {
      const store = await openStore();
      await push(store, { changes: [...['b', 'a', 'c', 'gone'].map((id) => settingInsert(id, `value ${id}`))] });
      await push(store, { changes: [word('w', { word: 'casa', translation: 'house' })], cursor: 4 });
      const deletion = { table: 'setting', id: 'gone', op: 'delete', stamp: testTime * 1024 + 50, baseSeq: 4 } as const;
      await push(store, { changes: [deletion], cursor: 5 });
      await push(store, { user: 'u2', changes: [settingInsert('theirs', 'x')] });
      const page = (after: string, limit: number) => store.listRows({ user: 'u1', table: 'setting', after, limit });
      const first = await page('', 2);
      expect(first).toEqual([
        { id: 'a', values: { key: 'a', value: 'value a' } },
        { id: 'b', values: { key: 'b', value: 'value b' } },
      ]);
      expect((await page('b', 2)).map(({ id }) => id)).toEqual(['c']);
      expect(await page('c', 2)).toEqual([]);
    });

    it('comes in pages that end early where rows are large', async () => {
      const store = await openStore();
      const content = 'x'.repeat(150_000);
      const ids = Array.from({ length: Math.ceil(limits.pullBytes / content.length) + 5 }, (_, at) => `d${at + 100}`);
      for (const id of ids) {
        const values = { title: id, language: 'es', content, content_hash: id.padStart(64, '0'), added_at: testTime };
        await push(store, { changes: [{ ...word(id, { word: '', translation: '' }), table: 'document', values }] });
      }
      const first = await store.listRows({ user: 'u1', table: 'document', after: '', limit: 1_000 });
      expect(first.length).toBeLessThan(ids.length);
      const rest = await store.listRows({ user: 'u1', table: 'document', after: first.at(-1)!.id, limit: 1_000 });
      expect([...first, ...rest].map(({ id }) => id)).toEqual(ids);
    });
  });

  describe(`${name}: an account that is deleted`, () => {
    /** Something in every table. A new table gets a line here: without it the test below fails. */
    const fill = async (store: ChangeStore, user: string): Promise<void> => {
      await addAccount(store, user);
      await store.createSession(session(`session of ${user}`, { user }));
      await store.addPasskey(passkey(`passkey of ${user}`, { user }));
      // The server's own, of no account: made once.
      await store.vapidKeys({ publicKey: 'public', privateKey: 'private' });
      const target = { endpoint: 'https://push.example/1', p256dh: 'key', auth: 'secret' };
      await store.subscribePush({ user, session: `hash of session of ${user}`, target, now: testTime });
      const ceremony = { tokenHash: `ceremony of ${user}`, challenge: 'c', purpose: 'add', user } as const;
      await store.beginCeremony({ ...ceremony, expiresAt: testTime + 1_000 }, testTime);
      for (let at = 0; at < 2_500; at += limits.pushChanges) {
        const changes = Array.from({ length: limits.pushChanges }, (_, one) => settingInsert(`s${at + one}`, 'x'));
        await push(store, { user, changes, limit: 0 });
      }
    };

    it('leaves nothing in any table, and everything of others', async () => {
      const store = await openStore();
      const before = await opened!.rowCounts();
      await fill(store, 'leaver');
      const full = await opened!.rowCounts();
      expect(Object.keys(full).filter((table) => full[table]! <= before[table]!)).toEqual([]);
      await fill(store, 'stayer');
      const ended = await store.deleteAccount('leaver');
      expect(ended).toEqual(['hash of session of leaver']);
      expect(await opened!.rowCounts()).toEqual(full);
      expect(await store.getAccount('leaver')).toBeNull();
      expect(await store.findSession('hash of session of leaver', testTime)).toBeNull();
      expect(await store.findPasskey('credential passkey of leaver')).toBeNull();
      expect(await store.takeCeremony('ceremony of leaver', testTime)).toBeNull();
      expect((await push(store, { user: 'stayer' })).head).toBe(3_000);
      expect(await sessionIds(store, 'stayer')).toEqual(['session of stayer']);
    });

    it('frees its name and refuses what is still sent for it', async () => {
      const store = await openStore();
      const removal = store.deleteAccount('u1');
      const late = push(store, { changes: [settingInsert('a', '1')] });
      await expect(late).rejects.toThrow(UnknownAccount);
      await removal;
      await expect(push(store, {})).rejects.toThrow(UnknownAccount);
      await addAccount(store, 'u1');
      expect((await push(store, {})).head).toBe(0);
    });

    it('is no error a second time', async () => {
      const store = await openStore();
      await store.deleteAccount('u1');
      expect(await store.deleteAccount('u1')).toEqual([]);
    });
  });
}

function session(id: string, parts: Partial<NewSession> = {}): NewSession {
  const times = { now: testTime, expiresAt: testTime + 1_000 };
  return { id, tokenHash: `hash of ${id}`, user: 'u1', deviceName: '', ...times, ...parts };
}

function passkey(id: string, parts: Partial<NewPasskey> = {}): NewPasskey {
  return {
    id,
    user: 'u1',
    credentialId: `credential ${id}`,
    publicKey: new Uint8Array([1, 2, 0, 255]),
    counter: 0,
    transports: ['internal', 'hybrid'],
    name: 'Phone',
    now: testTime,
    ...parts,
  };
}

async function sessionIds(store: ChangeStore, user: string): Promise<string[]> {
  return (await store.listSessions(user, testTime)).map(({ id }) => id).sort();
}
