/** Pokes between servers through PostgreSQL: told once by the others, and not missed while the connection was lost. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { ChangeStore } from '../../../src/server/change-store.ts';
import type { Poke, PokeBus } from '../../../src/server/poke-bus.ts';
import { openPokeChannel } from '../../../src/server/stores/postgres/poke-channel.ts';
import { createDatabase, dropDatabase, inCluster } from '../../support/postgres-cluster.ts';
import { postgresForTests } from '../../support/postgres-setup.ts';
import { openPostgresTestStore } from '../../support/server-harness.ts';
import { addAccount, push, settings } from '../../support/store-pushes.ts';

const patience = { timeout: 20_000, interval: 10 };
let url: string;
let store: ChangeStore;
const buses: PokeBus[] = [];
beforeAll(async () => {
  url = await createDatabase(await postgresForTests());
  store = await openPostgresTestStore(url);
  await addAccount(store, 'u1');
}, 60_000);
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
});
afterAll(async () => {
  await store.close();
  await dropDatabase(url);
});

/** A server that listens for one person, from where the account is. */
async function server(origin: string, sweepEvery = 60_000) {
  const bus = openPokeChannel({ url, origin, sweepEvery });
  buses.push(bus);
  const heard: Poke[] = [];
  const listening = { head: await store.head('u1'), asked: 0 };
  bus.subscribe({
    poke: (poke) => heard.push(poke),
    watched() {
      listening.asked += 1;
      return new Map([['u1', listening.head]]);
    },
  });
  // Its first sweep comes after it listens.
  await vi.waitFor(() => expect(listening.asked).toBeGreaterThan(0), patience);
  return { bus, heard };
}

/** As a network that fails, or a database that is taken over. */
function cutConnections(): Promise<unknown> {
  return inCluster(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

it('a poke is told here at once and by every other server once, with the device that caused it', async () => {
  const [one, other] = [await server('one'), await server('other')];
  one.bus.publish({ user: 'u1', head: 7, from: 'device-a' });
  expect(one.heard).toEqual([{ user: 'u1', head: 7, from: 'device-a' }]);
  await vi.waitFor(() => expect(other.heard).toEqual([{ user: 'u1', head: 7, from: 'device-a' }]), patience);
  // What comes back to the one that sent it is nothing new: another's comes after it.
  other.bus.publish({ user: 'u2', head: 1, from: null });
  await vi.waitFor(() => expect(one.heard).toHaveLength(2), patience);
  expect(one.heard[1]).toEqual({ user: 'u2', head: 1, from: null });
});

it('many at once go in few notices, each person with the latest head and no single device', async () => {
  const [one, other] = [await server('one'), await server('other')];
  for (let head = 1; head <= 100; head += 1)
    for (const user of ['u1', 'u2', 'u3']) one.bus.publish({ user, head, from: `device-${head}` });
  await vi.waitFor(() => {
    for (const user of ['u1', 'u2', 'u3'])
      expect(other.heard.filter((poke) => poke.user === user).at(-1)?.head).toBe(100);
  }, patience);
  expect(other.heard.length).toBeLessThan(30);
  expect(other.heard.at(-1)?.from).toBeNull();
});

it('what was pushed while the connection was lost is told when it is back', async () => {
  const { bus, heard } = await server('one');
  await cutConnections();
  // The store's connections are new ones as well.
  await vi.waitFor(() => push(store, { changes: settings(3) }), patience);
  const head = await store.head('u1');
  await vi.waitFor(() => expect(heard).toContainEqual({ user: 'u1', head, from: null }), patience);
  const other = await server('other');
  bus.publish({ user: 'u1', head: head + 1, from: null });
  await vi.waitFor(() => expect(other.heard).toContainEqual({ user: 'u1', head: head + 1, from: null }), patience);
});

it('a head that moved without a notice is told by the next sweep', async () => {
  const { heard } = await server('one', 50);
  await push(store, { device: 'device-b', changes: settings(1, 50) });
  const head = await store.head('u1');
  await vi.waitFor(() => expect(heard).toContainEqual({ user: 'u1', head, from: null }), patience);
});
