/**
 * How much of a push is ours: 100 people push to the server and to a bare one (bare-server.ts), by turns, so that whatever
 * else the machine does meets both.
 */
import { ratio, type Series } from '../../figures.ts';
import type { ServerLab } from '../lab.ts';
import { LoadDevice, registerPeople, type Person } from '../people.ts';
import type { ServerProcess } from '../server-process.ts';
import { pushFor } from './pushes.ts';

const users = 100;

/** Pushes a second. */
async function pushesOf(server: ServerProcess, people: readonly Person[], seconds: number): Promise<number> {
  const devices = people.map((person) => new LoadDevice(server.url, person));
  const load = async (time: number): Promise<number> => {
    const until = performance.now() + time * 1_000;
    return (await Promise.all(devices.map((device) => pushFor(device, { until, changes: 1 })))).flat().length;
  };
  await load(1);
  const started = performance.now();
  const pushed = await load(seconds);
  const elapsed = (performance.now() - started) / 1_000;
  await Promise.all(devices.map((device) => device.close()));
  return pushed / elapsed;
}

export async function measureFloor({ store, quick, say, startServer }: ServerLab): Promise<Series[]> {
  const [rounds, seconds] = quick ? [2, 2] : [5, 4];
  say(`${store.name}: by turns with a bare server`);
  const people = await store.use((open) => registerPeople(open, users));
  const [server, bare] = [await startServer(), await startServer({ entry: 'bare-server' })];
  const [ours, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await pushesOf(server, people, seconds));
    floor.push(await pushesOf(bare, people, seconds));
  }
  await Promise.all([server.stop('SIGTERM'), bare.stop('SIGTERM')]);
  return [
    { name: `${users} at once, by turns: pushes`, unit: '/s', samples: ours },
    { name: `${users} at once, by turns: the floor, a bare server, ${store.bareWay}`, unit: '/s', samples: floor },
    ratio(`${users} at once, by turns: ours / the floor`, { of: ours, to: floor }),
  ];
}
