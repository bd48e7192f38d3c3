/**
 * Two server processes on one database: how soon a page at one of them hears of a push to the other, beside how soon it
 * hears of a push to its own, by turns.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { v7 } from 'uuid';
import { quantile, type Series } from '../../figures.ts';
import type { ServerLab } from '../lab.ts';
import { LoadDevice, newWord, registerPeople } from '../people.ts';

/** In milliseconds. */
const patience = 10_000;

/** A SQLite file has one server. */
export async function measurePokes({ store, quick, say, startServer }: ServerLab): Promise<Series[]> {
  if (!store.shared) return [];
  const rounds = quick ? 40 : 400;
  say(`${store.name}: pokes across two servers`);
  const [person] = await store.use((open) => registerPeople(open, 1));
  const [here, there] = [await startServer(), await startServer()];
  const listener = new LoadDevice(here.url, person!);
  let heard: (() => void) | null = null;
  const hangUp = await listener.listen(() => heard?.());
  const writers = [new LoadDevice(here.url, person!), new LoadDevice(there.url, person!)] as const;

  const untilHeard = async (writer: LoadDevice, serial: number): Promise<number> => {
    const started = performance.now();
    const hearing = new Promise<number>((resolve) => (heard = () => resolve(performance.now() - started)));
    await writer.push([newWord(v7(), serial)]);
    const took = await Promise.race([hearing, pause(patience, null)]);
    if (took === null) throw new Error('a poke did not come');
    return took;
  };
  const [own, across]: [number[], number[]] = [[], []];
  for (let round = -5; round < rounds; round += 1) {
    const took = [await untilHeard(writers[0], round + 5), await untilHeard(writers[1], round + 5)] as const;
    // The first rounds open connections and prepare statements.
    if (round < 0) continue;
    own.push(took[0]);
    across.push(took[1]);
  }
  hangUp();
  await Promise.all([listener, ...writers].map((device) => device.close()));
  await Promise.all([here.stop('SIGTERM'), there.stop('SIGTERM')]);
  return [
    { name: 'push sent until a page at the same server heard', unit: 'ms', samples: own },
    { name: 'push sent until a page at another server heard', unit: 'ms', samples: across },
    {
      name: 'push sent until a page at another server heard, 95th percentile',
      unit: 'ms',
      samples: [quantile(across, 0.95)],
      target: 50,
    },
  ];
}
