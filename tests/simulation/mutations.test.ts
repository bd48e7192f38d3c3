/** The simulation bites: every planted bug is caught, by an invariant, within a bounded number of runs. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openLab, type Lab } from './lab.ts';
import { namedSeeds } from './named-seeds.ts';
import { plants, type PlantName } from './plants.ts';
import { shrink } from './shrink.ts';
import { runSimulation } from './world.ts';

/** Rarer bugs need more: what it takes is a coincidence that not every run has. */
const mostSeeds = 150;
// Sized by work: the time limit is only for a run that hangs.
vi.setConfig({ testTimeout: 900_000 });

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

async function firstCaught(name: PlantName): Promise<{ seed: number; violation: string } | null> {
  const named = namedSeeds.filter(({ plant }) => plant === name).map(({ seed }) => seed);
  for (const seed of [...named, ...Array.from({ length: mostSeeds }, (_, index) => index + 1)]) {
    const { violation } = await runSimulation({ seed, lab, plant: plants[name] });
    if (violation !== null) return { seed, violation };
  }
  return null;
}

describe('a planted bug is caught', () => {
  it.each(Object.keys(plants) as PlantName[])('%s', async (name) => {
    const caught = await firstCaught(name);
    expect(caught?.violation).toMatch(/^I\d: /);
  });

  const planted = namedSeeds.filter(({ plant }) => plant !== undefined);
  it.each(planted)('in seed $seed, which is named for it: $found', async ({ seed, plant }) => {
    const { violation } = await runSimulation({ seed, lab, plant: plants[plant!] });
    expect(violation).toMatch(/^I\d: /);
  });

  it('and a run that fails can be shortened', async () => {
    const plant = plants['pulled rows are written over dirty columns'];
    const caught = await firstCaught('pulled rows are written over dirty columns');
    const before = await runSimulation({ seed: caught!.seed, lab, plant });
    const { result } = await shrink({ seed: caught!.seed, lab, plant });
    expect(result.violation).toMatch(/^I4: /);
    expect(result.trace.length).toBeLessThanOrEqual(before.trace.length);
  });
});
