/** Event streams: what 5,000 open ones cost, and how soon 1,000 of them hear that something is new. */
import { setTimeout as pause } from 'node:timers/promises';
import { v7 } from 'uuid';
import { assert } from '../../../../src/base/assert.ts';
import { quantile, type Series } from '../../figures.ts';
import type { ServerLab } from '../lab.ts';
import { LoadDevice, newWord, registerPeople } from '../people.ts';
import { usageOf } from '../server-process.ts';

/** A user has at most 32. */
const streamsAUser = 25;
const atOnce = 100;

export async function measureStreams({ store, quick, say, startServer }: ServerLab): Promise<Series[]> {
  const [open, notified, rounds] = quick ? [500, 250, 3] : [5_000, 1_000, 10];
  const people = await store.use((filled) => registerPeople(filled, open / streamsAUser));
  const server = await startServer();
  await pause(1_000);
  const idle = usageOf(server.pid)?.memory ?? null;
  say(`${store.name}: ${open} event streams`);

  let heard: ((at: number) => void) | null = null;
  const hangUps: (() => void)[] = [];
  const slots = people.flatMap((person) => Array.from({ length: streamsAUser }, () => person));
  for (let from = 0; from < slots.length; from += atOnce) {
    const begun = slots.slice(from, from + atOnce).map(async (person) => {
      const device = new LoadDevice(server.url, person);
      const hangUp = await device.listen(() => heard?.(performance.now()));
      await device.close();
      return hangUp;
    });
    hangUps.push(...(await Promise.all(begun)));
  }
  const memory = usageOf(server.pid)?.memory ?? null;

  const latencies: number[] = [];
  const writers = people.slice(0, notified / streamsAUser).map((person) => new LoadDevice(server.url, person));
  for (let round = -1; round < rounds; round += 1) {
    const samples: number[] = [];
    const started = performance.now();
    const all = new Promise<void>((resolve) => {
      heard = (at) => {
        samples.push(at - started);
        if (samples.length === notified) resolve();
      };
    });
    await Promise.all(writers.map((writer) => writer.push([newWord(v7(), round + 1)])));
    await Promise.race([all, pause(10_000)]);
    assert(samples.length === notified, `every stream hears of a change (${samples.length} of ${notified} did)`);
    // The first round opens the connections.
    if (round >= 0) latencies.push(...samples);
  }
  for (const hangUp of hangUps) hangUp();
  await Promise.all(writers.map((writer) => writer.close()));
  await server.stop('SIGTERM');
  return [
    ...(idle === null || memory === null
      ? []
      : [
          {
            name: `${open} open event streams: memory beyond idle`,
            unit: 'bytes',
            samples: [memory - idle],
            target: 300_000_000,
          } satisfies Series,
        ]),
    {
      name: `${notified} streams told, from ${writers.length} pushes at once: push sent until heard`,
      unit: 'ms',
      samples: latencies,
    },
    {
      name: `${notified} streams told, 95th percentile`,
      unit: 'ms',
      samples: [quantile(latencies, 0.95)],
      target: 50,
    },
  ];
}
