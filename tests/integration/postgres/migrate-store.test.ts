/**
 * A store copied into another: all of it, also when it was cut short at any step, and a copy that is not the same is told.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../../src/base/result.ts';
import type { ChangeStore } from '../../../src/server/change-store.ts';
import { copyStore } from '../../../src/server/copy-store.ts';
import type { CopySide } from '../../../src/server/store-copy.ts';
import { openPostgresSide } from '../../../src/server/stores/postgres/copy-side.ts';
import { openSqliteSide } from '../../../src/server/stores/sqlite/copy-side.ts';
import { createDatabase, dropDatabase } from '../../support/postgres-cluster.ts';
import { postgresForTests } from '../../support/postgres-setup.ts';
import { openPostgresTestStore, openTestStore } from '../../support/server-harness.ts';
import { rowsOf, settingInsert, testTime } from '../../support/server-requests.ts';
import { addAccount, deletion, push, settings } from '../../support/store-pushes.ts';

let directory: string;
let databases: string[];
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-copy-'));
  databases = [];
});
afterEach(async () => {
  await Promise.all(databases.map(dropDatabase));
  rmSync(directory, { recursive: true });
});

interface Place {
  open(): Promise<ChangeStore>;
  side(): Promise<CopySide>;
}

const places = {
  SQLite(): Place {
    const file = path.join(directory, `${randomUUID()}.db`);
    return { open: async () => openTestStore(file), side: async () => opened(openSqliteSide(file)) };
  },
  async PostgreSQL(): Promise<Place> {
    const url = await createDatabase(await postgresForTests());
    databases.push(url);
    return { open: () => openPostgresTestStore(url), side: async () => opened(await openPostgresSide(url)) };
  },
};

function opened(side: Result<CopySide, string>): CopySide {
  if (!side.ok) throw new Error(side.error);
  return side.value;
}

/** Two people and one without anything. */
async function fill(place: Place): Promise<void> {
  const store = await place.open();
  for (const user of ['u1', 'u2', 'u3']) await addAccount(store, user);
  const session = { id: 's', tokenHash: 'hash', user: 'u1', deviceName: 'A phone\0', now: testTime };
  await store.createSession({ ...session, expiresAt: testTime + 1_000 });
  await store.vapidKeys({ publicKey: 'public', privateKey: 'private' });
  const target = { endpoint: 'https://push.example/1', p256dh: 'key', auth: 'secret' };
  const reminder = { hour: 18, timeZone: 'Europe/Madrid', nextAt: testTime };
  await store.subscribePush({ user: 'u1', session: 'hash', target, reminder, now: testTime });
  const key = { id: 'p', user: 'u1', credentialId: 'c', publicKey: Uint8Array.of(0, 200, 7), counter: 3 };
  await store.addPasskey({ ...key, transports: ['usb', 'nfc'], name: 'A key', now: testTime });
  const choice = { key: 'conflict', value: '"server_wins"' };
  const odd = settingInsert('odd', 'é\0"\\ 鸚', { values: { key: 'odd', value: 'é\0"\\ 鸚' } });
  await push(store, {
    session: 'hash',
    changes: [...settings(5), odd, settingInsert('conflict', '', { values: choice })],
  });
  await push(store, { cursor: 7, changes: [deletion('s0', { baseSeq: 1 })] });
  await push(store, { user: 'u2', device: 'device-c', changes: settings(2) });
  await store.close();
}

/** Everything that someone can learn of the store. */
async function told(place: Place): Promise<object> {
  const store = await place.open();
  const all = {
    u1: await push(store, { device: 'device-b' }),
    u2: await push(store, { user: 'u2', device: 'device-b' }),
  };
  const people = await Promise.all(['u1', 'u2', 'u3'].map((user) => store.getAccount(user)));
  const seen = {
    people,
    rows: [rowsOf(all.u1, 'setting'), rowsOf(all.u2, 'setting')],
    heads: [all.u1.head, all.u1.clock, all.u1.epoch, all.u2.head],
    devices: (await store.devices('u1', testTime))
      .filter(({ id }) => id !== 'device-b')
      .map(({ id, firstSeen, session }) => [id, firstSeen, session]),
    session: await store.findSession('hash', testTime),
    passkeys: await store.listPasskeys('u1'),
    push: [await store.vapidKeys({ publicKey: '', privateKey: '' }), await store.dueReminders(testTime, 1)],
    // By what the person chose, the change of another device does not win.
    collision: (await push(store, { device: 'device-d', changes: [settingInsert('s1', 'y')] })).results[0]?.status,
  };
  await store.close();
  return seen;
}

async function copy(from: CopySide, to: CopySide): ReturnType<typeof copyStore> {
  return copyStore({ from, to, slice: 2 });
}

const killed = new Error('killed');

/** A side that is gone before its `at`-th call, as when the process is killed. */
function dyingAt(side: CopySide, at: number): CopySide {
  let calls = 0;
  return new Proxy(side, {
    get(target, name: keyof CopySide) {
      return (...given: never[]) => {
        calls += 1;
        if (calls >= at) throw killed;
        return (target[name] as (...values: never[]) => unknown)(...given);
      };
    },
  });
}

describe.each([
  ['SQLite', 'PostgreSQL'],
  ['PostgreSQL', 'SQLite'],
] as const)('a copy of %s in %s', (one, other) => {
  it('holds all that the store held, and its devices go on with it', async () => {
    const [source, target] = [await places[one](), await places[other]()];
    await fill(source);
    const [from, to] = [await source.side(), await target.side()];
    const copied = await copy(from, to);
    expect(copied).toMatchObject({ ok: true, value: { accounts: 3, rows: 9 } });
    await from.close();
    await to.close();
    expect(await told(target)).toEqual(await told(source));
  });

  it('that was killed at any step goes on where it was, and is whole', async () => {
    const source = await places[one]();
    await fill(source);
    const target = await places[other]();
    const [from, to] = [await source.side(), await target.side()];
    // Each run gets a little further than the one before, until one gets through: no step of it is left out.
    let deaths = 0;
    let copied: Awaited<ReturnType<typeof copyStore>> | null = null;
    while (copied === null) {
      copied = await copy(from, dyingAt(to, 3 + deaths)).catch((error: unknown) => {
        if (error !== killed) throw error;
        return null;
      });
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(10);
    expect(copied).toEqual(await copy(from, from));
    await from.close();
    await to.close();
  });

  it('has the keys of the source for Web Push, also where a server had made some before anybody signed up', async () => {
    const [source, target] = [await places[one](), await places[other]()];
    const keys = { publicKey: 'of the source', privateKey: 'secret' };
    for (const [place, offered] of [
      [source, keys],
      [target, { publicKey: 'other', privateKey: 'other' }],
    ] as const) {
      const store = await place.open();
      await store.vapidKeys(offered);
      await store.close();
    }
    const [from, to] = [await source.side(), await target.side()];
    expect(await copy(from, to)).toMatchObject({ ok: true });
    expect(await to.pushKeys()).toEqual(keys);
    // Of a store without keys the copy has none.
    await from.putPushKeys(null);
    expect(await copy(from, to)).toMatchObject({ ok: true });
    expect(await to.pushKeys()).toBeNull();
    await from.close();
    await to.close();
  });

  it('that is not the same is told, and nothing of it is overwritten', async () => {
    const [source, target] = [await places[one](), await places[other]()];
    await fill(source);
    const [from, to] = [await source.side(), await target.side()];
    await copy(from, to);
    await to.close();
    const store = await target.open();
    await push(store, { device: 'device-b', changes: [settingInsert('later', '1')] });
    await store.close();
    const again = await target.side();
    expect(await copy(from, again)).toEqual({
      ok: false,
      error: expect.stringContaining('The copy differs') as string,
    });
    expect(await again.rows('u1', { after: null, limit: 100 })).toHaveLength(8);
    await from.close();
    await again.close();
  });
});

it('a file of another program, or no database, is refused in a sentence', async () => {
  expect(openSqliteSide(directory)).toMatchObject({ ok: false, error: expect.stringContaining(directory) as string });
  const nowhere = await openPostgresSide('postgres://nobody@127.0.0.1:1/none');
  expect(nowhere).toMatchObject({ ok: false });
});
