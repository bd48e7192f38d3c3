/** Makes a failing run shorter: fewer steps first, then without each thing that a person did or that went wrong. */
import { defaultSteps, runSimulation, type RunOptions, type RunResult } from './world.ts';

export interface Shrunk {
  readonly options: RunOptions;
  readonly result: RunResult;
}

/** `options` has to fail. The shorter run breaks the same invariant. */
export async function shrink(options: RunOptions): Promise<Shrunk> {
  let best: Shrunk = { options, result: await runSimulation(options) };
  const invariant = best.result.violation?.split(':')[0];
  const attempt = async (change: Partial<RunOptions>): Promise<boolean> => {
    const shorter = { ...best.options, ...change };
    const result = await runSimulation(shorter);
    if (result.violation?.split(':')[0] !== invariant) return false;
    best = { options: shorter, result };
    return true;
  };
  const first = Math.min(best.result.step, options.steps ?? defaultSteps);
  await attempt({ steps: first });
  for (let cut = Math.floor(first / 2); cut >= 1; cut = Math.floor(cut / 2)) {
    while ((best.options.steps ?? first) > cut && (await attempt({ steps: (best.options.steps ?? first) - cut })));
  }
  for (const event of [...best.result.events].reverse()) {
    if (event <= (best.options.steps ?? first)) await attempt({ omit: new Set([...(best.options.omit ?? []), event]) });
  }
  return best;
}
