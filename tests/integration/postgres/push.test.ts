/** Web Push of two servers on one PostgreSQL: one of them wakes a browser, and neither one that is open on the other. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AccountCaller } from '../../support/account-caller.ts';
import { createDatabase, dropDatabase } from '../../support/postgres-cluster.ts';
import { postgresForTests } from '../../support/postgres-setup.ts';
import { PushEndpoint } from '../../support/push-endpoint.ts';
import { openPostgresTestStore, startTestServer, type TestServer } from '../../support/server-harness.ts';
import { settingInsert, sync } from '../../support/server-requests.ts';

const wait = 60_000;
const pauses = { message: { delay: wait, between: wait }, edit: { delay: wait, between: wait } };

let database: string;
let servers: readonly [TestServer, TestServer];
let service: PushEndpoint;
let shift = 0;
beforeAll(async () => {
  database = await createDatabase(await postgresForTests());
  service = await PushEndpoint.start();
  const start = async (): Promise<TestServer> =>
    startTestServer({
      store: await openPostgresTestStore(database),
      now: () => Date.now() + shift,
      push: { rule: { loopback: true }, looks: { wakes: 5, reminders: 5 }, pauses },
    });
  servers = [await start(), await start()];
}, 120_000);
afterAll(async () => {
  for (const server of servers) await server.close();
  await service.close();
  await dropDatabase(database);
}, 60_000);

/** Signed in on a laptop at the first server, on a tablet at the second, and on a phone that wants to be woken. */
async function person(name: string) {
  const [one, other] = servers;
  const credentials = { name, password: 'correct horse' };
  const laptop = await AccountCaller.signedUp(one, name);
  const tablet = await AccountCaller.signedIn(other, credentials);
  const phone = await AccountCaller.signedIn(other, credentials);
  const { endpoint, p256dh, auth } = service.browser(name);
  await phone.call('PUT /api/push', { endpoint, keys: { p256dh, auth } });
  return { laptop, tablet, phone };
}

it('a browser is woken once, whichever servers took the changes, and not while it is open at another server', async () => {
  const [one, other] = servers;
  const [asleep, open, later, latest] = await Promise.all(['asleep', 'open', 'later', 'latest'].map(person));
  const abort = new AbortController();
  const { cookie } = open!.phone;
  const stream = await fetch(`${other.url}/api/sync/events`, { headers: { cookie }, signal: abort.signal });
  expect(stream.status).toBe(200);
  for (const { laptop, tablet } of [asleep!, open!]) {
    await Promise.all([
      sync(one, laptop, { device: 'laptop', changes: [settingInsert('a', '1')] }),
      sync(other, tablet, { device: 'tablet', changes: [settingInsert('b', '1')] }),
    ]);
  }
  // Each server tells in the order of the changes: when these are told, the others have been.
  await sync(one, later!.laptop, { device: 'laptop', changes: [settingInsert('a', '1')] });
  await sync(other, latest!.tablet, { device: 'tablet', changes: [settingInsert('b', '1')] });
  shift += wait;
  await service.count(3);
  expect(service.faults).toEqual([]);
  expect(service.taken.map(({ name }) => name).sort()).toEqual(['asleep', 'later', 'latest']);
  abort.abort();
});
