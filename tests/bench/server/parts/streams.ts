/**
 * Event streams: what 5,000 open ones cost, and how soon 1,000 of them hear that something is new; by turns with a bare
 * server that writes one ready frame to each of as many connections (bare-server.ts), so that what the system and this
 * client take is known.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { v7 } from 'uuid';
import { assert } from '../../../../src/base/assert.ts';
import { quantile, ratio, type Series } from '../../figures.ts';
import type { ServerLab } from '../lab.ts';
import { LoadDevice, newWord, registerPeople, type Person } from '../people.ts';
import { usageOf } from '../server-process.ts';

/** A user has at most 32. */
const streamsAUser = 25;
const atOnce = 100;

/** The open streams of people at one server, some of whom push. */
class Audience {
  readonly #hangUps: (() => void)[] = [];
  readonly #writers: LoadDevice[];
  #heard: (() => void) | null = null;

  private constructor(writers: LoadDevice[]) {
    this.#writers = writers;
  }

  static async open(url: string, at: { people: readonly Person[]; writers: number }): Promise<Audience> {
    const audience = new Audience(at.people.slice(0, at.writers).map((person) => new LoadDevice(url, person)));
    const slots = at.people.flatMap((person) => Array.from({ length: streamsAUser }, () => person));
    for (let from = 0; from < slots.length; from += atOnce) {
      const begun = slots.slice(from, from + atOnce).map(async (person) => {
        const device = new LoadDevice(url, person);
        const hangUp = await device.listen(() => audience.#heard?.());
        await device.close();
        return hangUp;
      });
      audience.#hangUps.push(...(await Promise.all(begun)));
    }
    return audience;
  }

  /** Milliseconds until each stream of those who pushed had heard of it; all push at once. */
  async round(serial: number): Promise<number[]> {
    const told = this.#writers.length * streamsAUser;
    const samples: number[] = [];
    const started = performance.now();
    const all = new Promise<void>((resolve) => {
      this.#heard = () => {
        samples.push(performance.now() - started);
        if (samples.length === told) resolve();
      };
    });
    await Promise.all(this.#writers.map((writer) => writer.push([newWord(v7(), serial)])));
    await Promise.race([all, pause(10_000)]);
    assert(samples.length === told, `every stream hears of a change (${samples.length} of ${told} did)`);
    return samples;
  }

  async close(): Promise<void> {
    for (const hangUp of this.#hangUps) hangUp();
    await Promise.all(this.#writers.map((writer) => writer.close()));
  }
}

export async function measureStreams({ store, quick, say, startServer }: ServerLab): Promise<Series[]> {
  const [open, notified, rounds] = quick ? [500, 250, 3] : [5_000, 1_000, 20];
  const writers = notified / streamsAUser;
  const people = await store.use((filled) => registerPeople(filled, open / streamsAUser));
  const server = await startServer();
  await pause(1_000);
  const idle = usageOf(server.pid)?.memory ?? null;
  say(`${store.name}: ${open} event streams`);
  const audience = await Audience.open(server.url, { people, writers });
  const memory = usageOf(server.pid)?.memory ?? null;
  const bare = await startServer({ entry: 'bare-server' });
  const bareAudience = await Audience.open(bare.url, { people: people.slice(0, writers), writers });

  const [ours, floor]: [number[][], number[][]] = [[], []];
  // The first rounds open connections and compile code: a server with so many streams has run for a while.
  for (let round = -rounds; round < rounds; round += 1) {
    const took = [await audience.round(round + rounds), await bareAudience.round(round + rounds)] as const;
    if (round < 0) continue;
    ours.push(took[0]);
    floor.push(took[1]);
  }
  await Promise.all([audience.close(), bareAudience.close()]);
  await Promise.all([server.stop('SIGTERM'), bare.stop('SIGTERM')]);
  const slowest = (of: readonly number[][]): number[] => of.map((samples) => quantile(samples, 0.95));
  const name = `${notified} streams told`;
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
    { name: `${name}, from ${writers} pushes at once: push sent until heard`, unit: 'ms', samples: ours.flat() },
    { name: `${name}, 95th percentile`, unit: 'ms', samples: [quantile(ours.flat(), 0.95)], target: 50 },
    { name: `${name}, by turns: the floor, a bare server`, unit: 'ms', samples: floor.flat() },
    {
      name: `${name}, by turns: the floor, 95th percentile`,
      unit: 'ms',
      samples: [quantile(floor.flat(), 0.95)],
    },
    ratio(`${name}, 95th percentile of a round: ours / the floor`, { of: slowest(ours), to: slowest(floor) }),
  ];
}
