/** Many devices that load much at once, and those that do not. */
import { request, type OutgoingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreUnavailable, type ChangeStore, type Push } from '../../../src/server/change-store.ts';
import { noMetrics } from '../../../src/server/metrics.ts';
import { openTestStore, startTestServer, type TestServer } from '../../support/server-harness.ts';
import { settingInsert, signUp, syncCall, syncRequest, type SignedUp } from '../../support/server-requests.ts';

let server: TestServer;
let store: ChangeStore;
/** Users whose long pull the store has been asked for, and how to let the one at work go on. */
let begun: string[];
let goOn: (() => void)[];
let atOnce: number;
let failing: boolean;
let waiting: () => number;
beforeEach(async () => {
  store = openTestStore(':memory:');
  [begun, goOn, atOnce, failing] = [[], [], 0, false];
  let running = 0;
  const exchange = async (push: Push) => {
    if (push.limit === 0 || push.changes.length > 0) return store.exchange(push);
    begun.push(push.user);
    running += 1;
    atOnce = Math.max(atOnce, running);
    await new Promise<void>((resolve) => goOn.push(resolve));
    running -= 1;
    if (failing) throw new StoreUnavailable('the disk is full');
    return store.exchange(push);
  };
  server = await startTestServer({
    store: { ...store, exchange },
    metrics: { ...noMetrics, watch: ({ waitingPulls }) => (waiting = waitingPulls) },
  });
});
afterEach(() => server.close());

function load(who: SignedUp, device: string) {
  return server.app.inject(syncCall(who, syncRequest(who.user, { device })));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

it('are served one after the other, account by account, while pushes go through', async () => {
  const people = await Promise.all(Array.from({ length: 4 }, () => signUp(server)));
  const loads = people.flatMap((who) => Array.from({ length: 5 }, (_, device) => load(who, `device-${device}`)));
  await until(() => begun.length === 1);
  const pushes = await Promise.all(
    people.map((who) => {
      const changes = [settingInsert('theme', 'dark')];
      return server.app.inject(syncCall(who, syncRequest(who.user, { device: 'writer', changes })));
    }),
  );
  expect(pushes.map(({ statusCode }) => statusCode)).toEqual(people.map(() => 200));
  expect(begun).toHaveLength(1);
  for (let served = 1; served <= loads.length; served += 1) {
    await until(() => begun.length === served);
    goOn.shift()!();
  }
  const replies = await Promise.all(loads);
  expect(replies.map(({ statusCode }) => statusCode)).toEqual(loads.map(() => 200));
  expect(atOnce).toBe(1);
  // After the first, which came before anyone waited, everybody is served once before anybody is again.
  for (let round = 0; round < 4; round += 1) {
    expect(new Set(begun.slice(1 + round * 4, 5 + round * 4)).size).toBe(4);
  }
});

it('do not hold up the others when one of them goes away, and its page is not made', async () => {
  const who = await signUp(server);
  const first = load(who, 'first');
  await until(() => begun.length === 1);
  const { headers, payload } = syncCall(who, syncRequest(who.user, { device: 'gone' }));
  const { port } = new URL(server.url);
  const gone = request({
    ...{ host: '127.0.0.1', port, path: '/api/sync', method: 'POST' },
    headers: headers as OutgoingHttpHeaders,
  });
  gone.on('error', () => undefined);
  gone.end(payload as string);
  await until(() => waiting() === 1);
  const last = load(who, 'last');
  await until(() => waiting() === 2);
  gone.destroy();
  // Its end has to have reached the server: a later request over a socket has.
  await fetch(`${server.url}/api/health`);
  goOn.shift()!();
  await until(() => begun.length === 2);
  goOn.shift()!();
  expect([(await first).statusCode, (await last).statusCode]).toEqual([200, 200]);
  expect([begun.length, waiting()]).toEqual([2, 0]);
});

it('are told to come back when one of them fails, and the next is served', async () => {
  const who = await signUp(server);
  const [first, last] = [load(who, 'first'), load(who, 'last')];
  await until(() => begun.length === 1);
  failing = true;
  goOn.shift()!();
  await until(() => begun.length === 2);
  failing = false;
  goOn.shift()!();
  expect([(await first).statusCode, (await last).statusCode]).toEqual([503, 200]);
});
