import { describe, expect, it } from 'vitest';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';
import { FakeAccount, FakePush, FakeSync } from '../../support/fake-sync.ts';
import { Account } from '../../../src/ui/state/account.svelte.ts';

const ana = { name: 'ana', password: 'long enough' } as const;

describe('an account', () => {
  it('signs up, attaches what is on the device and asks for a sync', async () => {
    const { account, database, sync } = ports();
    expect(await account.enter({ way: 'sign-up', ...ana })).toBe(true);
    expect(database.status).toMatchObject({ user_id: 'user-ana', user_name: 'ana' });
    expect(sync.requests).toEqual(['signed-in']);
    expect(account).toMatchObject({ busy: false, failure: null });
  });

  it('says what is wrong and changes nothing on the device', async () => {
    const { account, database, sync } = ports();
    expect(await account.enter({ way: 'sign-in', ...ana })).toBe(false);
    expect(account.failure?.code).toBe('wrong_credentials');
    expect(account.blocked).toBe(false);
    expect(database.status.user_id).toBeNull();
    expect(sync.requests).toEqual([]);
  });

  it('removes another account’s words only when the person says so', async () => {
    const { account, database, server } = ports();
    server.passwords.set('ana', ana.password);
    database.status = { ...database.status, user_id: 'user-ben' };
    await database.mutate('words.add', { language: 'es', words: [{ word: 'sol', translation: 'sun' }], at: 1 });
    expect(await account.enter({ way: 'sign-in', ...ana })).toBe(false);
    expect(account).toMatchObject({ blocked: true, failure: { code: 'wrong_account' } });
    expect(database.words.size).toBe(1);
    expect(await account.replaceOther()).toBe(true);
    expect(database.words.size).toBe(0);
    expect(database.status.user_id).toBe('user-ana');
  });

  it('signs out and keeps what is on the device', async () => {
    const { account, database } = await signedIn();
    expect(await account.leave('keep')).toBe(true);
    expect(database.words.size).toBe(1);
    expect(database.status.user_id).toBeNull();
  });

  it('that is left here wakes this browser no more', async () => {
    const { account, push } = await signedIn();
    await push.turnOn(18);
    await account.leave('keep');
    expect(push.present).toEqual({ kind: 'off' });
  });

  it('signs out and removes what is on the device', async () => {
    const { account, database } = await signedIn();
    expect(await account.leave('remove')).toBe(true);
    expect(database.words.size).toBe(0);
  });

  it('does not sign out without the server, and removes nothing then', async () => {
    const { account, database, server } = await signedIn();
    server.failure = { code: 'offline' };
    expect(await account.leave('remove')).toBe(false);
    expect(account.failure?.code).toBe('offline');
    expect(database.words.size).toBe(1);
    expect(database.status.user_id).toBe('user-ana');
  });

  it('signs out of a session that the server has ended already', async () => {
    const { account, database, server } = await signedIn();
    server.failure = { code: 'signed_out' };
    expect(await account.leave('keep')).toBe(true);
    expect(database.status.user_id).toBeNull();
  });

  it('tells a full storage while attaching', async () => {
    const { account, database } = ports();
    database.failure = { code: 'storage_full', detail: 'disk' };
    expect(await account.enter({ way: 'sign-up', ...ana })).toBe(false);
    expect(account.failure?.code).toBe('storage_full');
  });

  it('changes the password only for who knows the present one', async () => {
    const { account, server } = await signedIn();
    expect(await account.changePassword({ password: 'wrong' }, 'another one')).toBe(false);
    expect(account.failure?.code).toBe('wrong_password');
    expect(await account.changePassword({ password: ana.password }, 'another one')).toBe(true);
    expect(server.passwords.get('ana')).toBe('another one');
  });

  it('is deleted on the server first, and nothing on the device goes when that fails', async () => {
    const { account, database, server } = await signedIn();
    expect(await account.remove({ password: 'wrong' }, 'remove')).toBe(false);
    expect(database.words.size).toBe(1);
    expect(await account.remove({ password: ana.password }, 'release')).toBe(true);
    expect(server.passwords.has('ana')).toBe(false);
    expect(database.words.size).toBe(1);
    expect(database.status.user_id).toBeNull();
  });

  it('that was deleted elsewhere is parted from, with or without what is here', async () => {
    const { account, database } = await signedIn();
    expect(await account.part('remove')).toBe(true);
    expect(database.words.size).toBe(0);
  });

  it('gives everything as a file, or says why not', async () => {
    const { account, server } = await signedIn();
    expect(await (await account.exportAll('json'))?.text()).toBe('all of ana as json');
    server.failure = { code: 'offline' };
    expect(await account.exportAll('sqlite')).toBeNull();
    expect(account.failure?.code).toBe('offline');
  });

  it('signs in with a passkey only where there are any', async () => {
    const { account } = ports();
    expect(await account.enterWithPasskey()).toBe(false);
    expect(account.failure?.code).toBe('passkey_refused');
  });
});

function ports() {
  const database = new FakeLocalDatabase();
  const server = new FakeAccount();
  const sync = new FakeSync();
  const push = new FakePush();
  return { database, server, sync, push, account: new Account({ database, account: server, sync, push }) };
}

async function signedIn() {
  const world = ports();
  await world.database.mutate('words.add', { language: 'es', words: [{ word: 'sol', translation: 'sun' }], at: 1 });
  await world.account.enter({ way: 'sign-up', ...ana });
  return world;
}
