/** Part 1: local writes, ours against plain sqlite-wasm, all contenders one after the other in every round. */
import { ratio, type Series } from '../figures.ts';
import { call, type Lab } from '../lab.ts';
import { removePool, rotated } from '../rounds.ts';
import type { Contender, WriteTimes } from '../pages/write-worker.ts';

const target = 1.5;
const singleRows = 1_000;

const names: Readonly<Record<Contender, string>> = {
  ours: 'ours',
  plain: 'plain sqlite-wasm (oo1)',
  raw: 'plain sqlite-wasm (our binds)',
  'ours-without-fts': 'ours without full text',
  'ours-without-capture': 'ours without capture',
  'ours-without-both': 'ours without both',
};
const contenders = Object.keys(names) as Contender[];

type Times = Record<Contender, WriteTimes[]> & { readonly app: Pick<WriteTimes, 'batches' | 'singles'>[] };

export async function measureWrites(lab: Lab): Promise<Series[]> {
  const rounds = lab.quick ? 3 : 5;
  const fill = lab.quick ? 10_000 : 100_000;
  const times = Object.fromEntries([...contenders, 'app'].map((name) => [name, []])) as unknown as Times;
  const port = await lab.server();
  for (let round = 0; round < rounds; round += 1) {
    lab.say(`writes: round ${round + 1} of ${rounds}`);
    const page = await lab.benchPage(`http://localhost:${port}`, 'writes');
    const job = { seed: round + 1, fill, singles: singleRows };
    // Each round begins with another, so that none is always the first.
    for (const contender of rotated(contenders, round)) {
      times[contender].push(await call(page, 'write', { ...job, contender }));
      await removePool(page, `bench-${contender}`);
    }
    await call(page, 'open');
    times.app.push(await call(page, 'mutate', { ...job, contender: 'ours' }));
    await page.browser.close();
  }
  return [
    ...series(times, 'batches', '10,000 rows in batches of 1,000'),
    ...series(times, 'singles', singleWrites(fill)),
    ...contenders.flatMap((contender) => fileCalls(times[contender], names[contender])),
  ];
}

function singleWrites(stored: number): string {
  return `1,000 single writes, ${stored.toLocaleString('en')} rows stored`;
}

function series(times: Times, which: 'batches' | 'singles', work: string): Series[] {
  const samples = (contender: Contender | 'app') => times[contender].map((time) => time[which]);
  return [
    ...contenders.map((contender): Series => ({
      name: `${work}: ${names[contender]}`,
      unit: 'ms',
      samples: samples(contender),
    })),
    { name: `${work}: by the app's mutations, over RPC`, unit: 'ms', samples: samples('app') },
    ratio(`${work}: ours / plain`, { of: samples('ours'), to: samples('plain'), target }),
  ];
}

/** What a single write asks of the files, on average. */
function fileCalls(times: readonly WriteTimes[], name: string): Series[] {
  return (['reads', 'writes', 'flushes'] as const).map((kind) => ({
    name: `file ${kind} a single write: ${name}`,
    unit: 'calls',
    samples: times.map(({ calls }) => calls[kind] / singleRows),
  }));
}
