/** How much is acknowledged a second, and how long an acknowledgement takes, with 1, 10 and 100 people at once. */
import { v7 } from 'uuid';
import type { Series } from '../../figures.ts';
import { latency } from '../latency.ts';
import { LoadDevice, newWord, registerPeople } from '../people.ts';
import { watchUsage } from '../usage.ts';
import type { ServerLab } from '../lab.ts';

/** A person's pushes go one after the other, as a device's do. */
export async function pushFor(device: LoadDevice, options: { until: number; changes: number }): Promise<number[]> {
  const latencies: number[] = [];
  for (let serial = 0; performance.now() < options.until; serial += 1) {
    const changes = Array.from({ length: options.changes }, () => newWord(v7(), serial));
    latencies.push(await device.push(changes));
  }
  return latencies;
}

export async function measurePushes({ store, quick, say, startServer }: ServerLab): Promise<Series[]> {
  const seconds = quick ? 3 : 10;
  const people = await store.use((open) => registerPeople(open, 100));
  const series: Series[] = [];
  for (const { users, changes } of [
    { users: 1, changes: 1 },
    { users: 10, changes: 1 },
    { users: 100, changes: 1 },
    { users: 10, changes: 100 },
  ]) {
    const server = await startServer();
    const devices = people.slice(0, users).map((person) => new LoadDevice(server.url, person));
    say(`${store.name}: ${users} people, ${changes} changes a push`);
    // Connections, prepared statements, compiled code.
    await Promise.all(devices.map((device) => pushFor(device, { until: performance.now() + 1_000, changes })));
    const usage = watchUsage([server.pid, ...(store.pid === null ? [] : [store.pid])]);
    const started = performance.now();
    const latencies = await Promise.all(
      devices.map((device) => pushFor(device, { until: started + seconds * 1_000, changes })),
    );
    const elapsed = (performance.now() - started) / 1_000;
    const used = usage.stop();
    await Promise.all(devices.map((device) => device.close()));
    await server.stop('SIGTERM');
    const all = latencies.flat();
    const name = `${users} at once, ${changes} ${changes === 1 ? 'change' : 'changes'} a push`;
    const crowd = users === 100;
    series.push(
      {
        name: `${name}: pushes`,
        unit: '/s',
        samples: [all.length / elapsed],
        ...(crowd ? { atLeast: store.pushesToReach } : {}),
      },
      { name: `${name}: changes`, unit: '/s', samples: [(all.length * changes) / elapsed] },
      ...latency(`${name}: until acknowledged`, { samples: all, ...(crowd ? { slowest: 100 } : {}) }),
      ...used(name),
    );
  }
  return series;
}
