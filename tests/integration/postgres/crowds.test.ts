/** Exchanges of many accounts in one statement: what holds up or breaks one of them leaves the others alone. */
import pg from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChangeStore } from '../../../src/server/change-store.ts';
import { createDatabase, dropDatabase, inCluster } from '../../support/postgres-cluster.ts';
import { postgresForTests } from '../../support/postgres-setup.ts';
import { openPostgresTestStore } from '../../support/server-harness.ts';
import { settingInsert, testTime } from '../../support/server-requests.ts';
import { addAccount, push } from '../../support/store-pushes.ts';

const people = Array.from({ length: 6 }, (_, at) => `u${at}`);
let database: string;
let store: ChangeStore;
let other: pg.Client;
beforeEach(async () => {
  database = await createDatabase(await postgresForTests());
  store = await openPostgresTestStore(database);
  for (const person of people) await addAccount(store, person);
  other = new pg.Client({ connectionString: database });
  await other.connect();
}, 60_000);
afterEach(async () => {
  await other.end();
  await store.close();
  await dropDatabase(database);
}, 60_000);

function pushOf(user: string, id: string): Promise<unknown> {
  return push(store, { user, changes: [settingInsert(id, user)], limit: 0 });
}

async function heads(): Promise<number[]> {
  return Promise.all(people.map((user) => store.head(user)));
}

/** How many connections wait for a lock. */
async function waiting(): Promise<number> {
  const found = await inCluster(
    database,
    `SELECT count(*)::int AS waiting FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return found[0]!['waiting'] as number;
}

it('an account that somebody else has locked waits, and nobody waits for it', async () => {
  await other.query('BEGIN');
  await other.query("SELECT * FROM account_head WHERE usr = (SELECT key FROM account WHERE id = 'u2') FOR UPDATE");
  const answered = new Set<string>();
  const pushes = people.map((user) => pushOf(user, 'a').then(() => answered.add(user)));
  // Less than the lock would be waited for.
  await vi.waitFor(() => expect(answered.size).toBe(5), { timeout: 8_000 });
  expect(await heads()).toEqual([1, 1, 0, 1, 1, 1]);
  await vi.waitFor(async () => expect(await waiting()).toBe(1), { timeout: 5_000 });
  await other.query('COMMIT');
  await Promise.all(pushes);
  expect(await heads()).toEqual([1, 1, 1, 1, 1, 1]);
});

it('one that the database refuses fails alone', async () => {
  await inCluster(
    database,
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON synced_row FOR EACH ROW WHEN (new.id = 'bad') EXECUTE FUNCTION refuse();`,
  );
  const outcomes = await Promise.allSettled(people.map((user) => pushOf(user, user === 'u3' ? 'bad' : 'good')));
  expect(outcomes.map(({ status }) => status)).toEqual(
    people.map((user) => (user === 'u3' ? 'rejected' : 'fulfilled')),
  );
  expect(outcomes[3]).toMatchObject({ reason: { message: 'not this one' } });
  expect(await heads()).toEqual([1, 1, 1, 0, 1, 1]);
});

it('an account that is written to all the while by another server takes its push under its lock', async () => {
  let writing = true;
  const writes = async (): Promise<void> => {
    while (writing) await other.query('UPDATE account_head SET version = version + 1');
  };
  const written = writes();
  await Promise.all(people.flatMap((user) => [pushOf(user, 'a'), pushOf(user, 'b')]));
  writing = false;
  await written;
  expect(await heads()).toEqual(people.map(() => 2));
});

it.each([
  ['a removal', () => store.deleteAccount('u0'), "SELECT 1 FROM account WHERE id = 'u0' FOR KEY SHARE NOWAIT"],
  [
    'a retirement',
    () => store.retireDevice({ user: 'u0', device: 'device-a', except: '', now: testTime }),
    "SELECT 1 FROM device WHERE id = 'device-a' FOR UPDATE NOWAIT",
  ],
])('%s locks the head before anything that a push needs under the head’s lock', async (_, change, needed) => {
  await pushOf('u0', 'a');
  await other.query('BEGIN');
  await other.query("SELECT * FROM account_head WHERE usr = (SELECT key FROM account WHERE id = 'u0') FOR UPDATE");
  const changed = change();
  await vi.waitFor(async () => expect(await waiting()).toBe(1), { timeout: 5_000 });
  expect((await other.query(needed)).rowCount).toBe(1);
  await other.query('COMMIT');
  await changed;
});
