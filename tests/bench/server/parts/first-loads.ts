/** Pushes of ten people while 20 new devices load 100,000 rows each, all at once; and without them. */
import { v7 } from 'uuid';
import { limits } from '../../../../src/protocol/limits.ts';
import { assert } from '../../../../src/base/assert.ts';
import type { Series } from '../../figures.ts';
import type { ServerLab } from '../lab.ts';
import { latency } from '../latency.ts';
import { LoadDevice, newWord, registerPeople } from '../people.ts';
import { watchUsage } from '../usage.ts';

const writers = 10;
/** Between two pushes of one device. Milliseconds. */
const pauseBetween = 20;

export async function measureFirstLoads({ store, quick, say, startServer }: ServerLab): Promise<Series[]> {
  const [loads, rows] = quick ? [5, 10_000] : [20, 100_000];
  const people = await store.use((open) => registerPeople(open, loads + writers));
  const [loading, writing] = [people.slice(0, loads), people.slice(loads)];
  const server = await startServer();
  say(`${store.name}: ${loads} accounts are filled with ${rows} words each`);
  for (const person of loading) await fill(new LoadDevice(server.url, person), rows);
  const devices = writing.map((person) => new LoadDevice(server.url, person));
  const quiet = await pushWhile(devices, new Promise((done) => setTimeout(done, quick ? 1_000 : 5_000)));
  say(`${store.name}: ${loads} devices load at once`);
  const usage = watchUsage([server.pid, ...(store.pid === null ? [] : [store.pid])]);
  const started = performance.now();
  const ended: number[] = [];
  const loaded = Promise.all(
    loading.map(async (person) => {
      await load(new LoadDevice(server.url, person), rows);
      ended.push(performance.now() - started);
    }),
  );
  const busy = await pushWhile(devices, loaded);
  const used = usage.stop();
  await Promise.all(devices.map((device) => device.close()));
  await server.stop('SIGTERM');
  const name = `${loads} devices load ${rows.toLocaleString('en')} words each`;
  return [
    { name: `${name}: until each has all`, unit: 'ms', samples: ended },
    ...latency(`${name}: pushes of others meanwhile`, { samples: busy, slowest: 100 }),
    ...latency('the same pushes with nobody loading', { samples: quiet }),
    ...used(name),
  ];
}

async function fill(device: LoadDevice, rows: number): Promise<void> {
  for (let at = 0; at < rows; at += limits.pushChanges) {
    await device.push(Array.from({ length: limits.pushChanges }, (_, index) => newWord(v7(), at + index)));
  }
  await device.close();
}

async function load(device: LoadDevice, rows: number): Promise<void> {
  const count = await device.pullPacked();
  assert(count === rows, `a device gets all rows (${count} of ${rows})`);
  await device.close();
}

/** Milliseconds until acknowledged, of each push. */
async function pushWhile(devices: readonly LoadDevice[], work: Promise<unknown>): Promise<number[]> {
  let over = false;
  const ends = work.finally(() => (over = true));
  const pushed = devices.map(async (device) => {
    const latencies: number[] = [];
    for (let serial = 0; !over; serial += 1) {
      latencies.push(await device.push([newWord(v7(), serial)]));
      await new Promise((resolve) => setTimeout(resolve, pauseBetween));
    }
    return latencies;
  });
  const all = (await Promise.all(pushed)).flat();
  await ends;
  return all;
}
