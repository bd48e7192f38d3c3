/** Parts 3, 4 and 6: a first load, a push of offline edits and a pull of changed rows, with 100,000 rows stored; and bytes. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Tab } from '../chromium.ts';
import type { Series } from '../figures.ts';
import { call, type Lab } from '../lab.ts';
import { RemoteDevice } from '../remote-device.ts';
import { createWallClock } from '../wall-clock.ts';
import type { Wire } from '../wire.ts';

const account = { name: 'Ada', password: 'correct horse' };
const edits = 1_000;
const targets = { push: 500, pull: 200 };

export async function measureExchange(lab: Lab): Promise<Series[]> {
  const words = lab.quick ? 10_000 : 100_000;
  const rounds = lab.quick ? 3 : 7;
  const port = await lab.server();
  lab.say(`exchange: ${words} words on the server`);
  const remote = await RemoteDevice.create(`http://localhost:${port}`, { ...account, words, seed: 2 });
  const wire = await lab.wire(port);
  const page = await lab.benchPage(wire.origin, 'exchange');
  await call(page, 'open');
  lab.say('exchange: first load');
  const before = wire.bytes;
  const loaded = call(page, 'untilWords', words);
  const began = await call(page, 'signIn', account.name, account.password);
  const firstLoad = (await loaded) - began;
  await call(page, 'untilIdle');
  const firstBytes = since(wire, before);
  await call(page, 'showWords');

  const push = new Samples();
  const pull = new Samples();
  const offline: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    lab.say(`exchange: round ${round + 1} of ${rounds}`);
    offline.push(await pushOnce({ page, wire, remote, push, round }));
    await pullOnce({ page, wire, remote, pull, round });
  }
  const load = `first load of ${words.toLocaleString('en')} words`;
  return [
    { name: `${load}, rows and full text`, unit: 'ms', samples: [firstLoad] },
    { name: `${load}: received`, unit: 'bytes', samples: [firstBytes.received] },
    { name: `${load}: sent`, unit: 'bytes', samples: [firstBytes.sent] },
    { name: '1,000 edits by mutation, offline', unit: 'ms', samples: offline },
    { name: 'push of 1,000 offline edits', unit: 'ms', samples: push.times, target: targets.push },
    { name: 'push of 1,000 offline edits: sent', unit: 'bytes', samples: push.sent },
    { name: 'push of 1,000 offline edits: received', unit: 'bytes', samples: push.received },
    { name: 'pull of 1,000 changed rows', unit: 'ms', samples: pull.times, target: targets.pull },
    { name: 'pull of 1,000 changed rows: received', unit: 'bytes', samples: pull.received },
    { name: 'pull of 1,000 changed rows: sent', unit: 'bytes', samples: pull.sent },
  ];
}

class Samples {
  readonly times: number[] = [];
  readonly sent: number[] = [];
  readonly received: number[] = [];

  add(time: number, bytes: { sent: number; received: number }): void {
    this.times.push(time);
    this.sent.push(bytes.sent);
    this.received.push(bytes.received);
  }
}

interface Round {
  readonly page: Tab;
  readonly wire: Wire;
  readonly remote: RemoteDevice;
  readonly round: number;
}

/** Gives how long the edits themselves took. */
async function pushOnce({ page, wire, remote, push, round }: Round & { push: Samples }): Promise<number> {
  await wire.shut();
  await page.setOffline(true);
  const [began, ended] = await call(page, 'translateNewest', edits, `offline edit ${round} of this text, in full`);
  // The attempts that failed for want of a connection are over.
  await page.evaluate(() => navigator.locks.request('lorikeet-sync', () => undefined));
  const pushed = call(page, 'pushed');
  const waiting = await call(page, 'waiting');
  const streams = countStreams(wire);
  if (waiting !== edits) throw new Error(`${waiting} edits wait, not ${edits}`);
  const before = wire.bytes;
  await wire.open();
  await page.setOffline(false);
  push.add(await pushed, since(wire, before));
  await call(page, 'untilIdle');
  // The event stream comes back a few seconds later: the pull that follows is to be told of by a poke.
  while (countStreams(wire) === streams) await pause(50);
  const held = await remote.catchUp();
  if (held < edits) throw new Error(`the server holds ${held} of the edits`);
  return ended - began;
}

async function pullOnce({ page, wire, remote, pull, round }: Round & { pull: Samples }): Promise<void> {
  const translation = `remote edit ${round} of this text, in full`;
  const clock = createWallClock();
  const before = wire.bytes;
  const shown = call(page, 'seen', translation);
  await remote.translateNewest(edits, translation);
  // The answer to that push and the poke leave the server together.
  const poked = clock();
  pull.add((await shown) - poked, since(wire, before));
  await call(page, 'untilIdle');
}

function countStreams(wire: Wire): number {
  return wire.requests.filter((request) => request.startsWith('GET /api/sync/events')).length;
}

function since(wire: Wire, before: Wire['bytes']): { sent: number; received: number } {
  return { sent: wire.bytes.sent - before.sent, received: wire.bytes.received - before.received };
}
