/** Part 5: a write on device A until device B shows it, both open, each in a browser process of its own. */
import { setTimeout as pause } from 'node:timers/promises';
import { ratio, type Series } from '../figures.ts';
import { call, type Lab } from '../lab.ts';
import { RemoteDevice } from '../remote-device.ts';

const account = { name: 'Ada', password: 'correct horse' };
const target = 15;
/** Between two writes, milliseconds: the server answers at most 1,200 syncs a minute to one address. */
const shortestPause = 120;
const longestPause = 240;

export async function measureLatency(lab: Lab): Promise<Series[]> {
  const words = 1_000;
  const samples = lab.quick ? 30 : 200;
  const port = await lab.server();
  const origin = `http://localhost:${port}`;
  await RemoteDevice.create(origin, { ...account, words, seed: 3 });
  const [a, b] = [await lab.benchPage(origin, 'a'), await lab.benchPage(origin, 'b')];
  for (const page of [a, b]) {
    await call(page, 'open');
    const loaded = call(page, 'untilWords', words);
    await call(page, 'signIn', account.name, account.password);
    await loaded;
    await call(page, 'showWords');
    await call(page, 'untilIdle');
  }
  const way = await lab.bareWay();
  const [bareA, bareB] = [await a.browser.tabBehind(way.address), await b.browser.tabBehind(way.address)];
  await way.prepare(bareA);
  await way.prepare(bareB);
  const seen: number[] = [];
  const stored: number[] = [];
  const bare: number[] = [];
  const floor: number[] = [];
  lab.say(`latency: ${samples} writes`);
  for (let sample = -5; sample < samples; sample += 1) {
    const translation = `written on A, number ${sample}`;
    const shown = call(b, 'seen', translation);
    const [began, ended] = await call(a, 'translateNewest', 1, translation);
    const at = await shown;
    await call(a, 'untilIdle');
    await call(b, 'untilIdle');
    const request = await call(b, 'bareRequest');
    const least = await way.measure(bareA, bareB);
    await pause(shortestPause + Math.random() * (longestPause - shortestPause));
    // The first few open connections and warm the code up.
    if (sample < 0) continue;
    seen.push(at - began);
    stored.push(ended - began);
    bare.push(request);
    floor.push(least);
  }
  return [
    { name: 'write on A until A has it on disk', unit: 'ms', samples: stored },
    { name: 'one bare request of a page to the server', unit: 'ms', samples: bare },
    // What cannot be saved: the push and the pull are one request each, and the poke comes between them.
    {
      name: 'the floor: a bare request of A, stored durably, an event to B, a bare request of B',
      unit: 'ms',
      samples: floor,
    },
    { name: 'write on A until seen on B', unit: 'ms', samples: seen, target },
    ratio('write on A until seen on B / the floor', { of: seen, to: floor }),
  ];
}
