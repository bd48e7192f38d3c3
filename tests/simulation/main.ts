/** The part of `npm run sim` that runs seeds (docs/simulation.md has the options). */
import { parseArgs } from 'node:util';
import { openLab, type Lab } from './lab.ts';
import { plants, type PlantName } from './plants.ts';
import { shrink } from './shrink.ts';
import { runSimulation, type RunOptions, type RunResult } from './world.ts';

export interface Tally {
  readonly ran: number;
  readonly failed: number;
}

const traceTail = 25;

/** Runs what the arguments say and prints what fails. */
export async function runSeeds(args: readonly string[]): Promise<Tally> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string' },
      stride: { type: 'string' },
      steps: { type: 'string' },
      plant: { type: 'string' },
      updates: { type: 'boolean' },
      trace: { type: 'boolean' },
      shrink: { type: 'boolean' },
    },
  });
  const lab = await openLab();
  const base = {
    lab,
    ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
    ...(values.updates === undefined ? {} : { updates: values.updates }),
    ...(values.plant === undefined ? {} : { plant: plants[values.plant as PlantName] }),
  };
  try {
    if (values.seed !== undefined) return await runOne({ ...base, seed: Number(values.seed) }, values);
    const stride = Number(values.stride ?? 1);
    return await runMany(base, { from: Number(values.from ?? 1), count: Number(values.seeds ?? 100), stride });
  } finally {
    lab.close();
  }
}

async function runOne(options: RunOptions, print: { trace?: boolean; shrink?: boolean }): Promise<Tally> {
  let result = await runSimulation(options);
  if (result.violation !== null && print.shrink) {
    const shrunk = await shrink(options);
    result = shrunk.result;
    console.log(`shrunk to ${shrunk.options.steps} steps without [${[...(shrunk.options.omit ?? [])].join(', ')}]`);
  }
  console.log(
    (print.trace ? result.trace : result.violation === null ? [] : result.trace.slice(-traceTail)).join('\n'),
  );
  console.log(verdictOf(options.seed, result));
  return { ran: 1, failed: result.violation === null ? 0 : 1 };
}

async function runMany(
  base: Omit<RunOptions, 'seed'> & { readonly lab: Lab },
  { from, count, stride }: { from: number; count: number; stride: number },
): Promise<Tally> {
  let failed = 0;
  for (let index = 0; index < count; index += 1) {
    const seed = from + index * stride;
    const result = await runSimulation({ ...base, seed });
    if (result.violation === null) continue;
    failed += 1;
    console.log([...result.trace.slice(-traceTail), verdictOf(seed, result)].join('\n'));
  }
  return { ran: count, failed };
}

export function verdictOf(seed: number, { violation, step }: RunResult): string {
  if (violation === null) return `seed ${seed}: holds`;
  return `seed ${seed}, step ${step}: ${violation}\n  npm run sim -- --seed ${seed} --trace`;
}
