/** `npm run sim`: runs seeds, prints what fails; `--seed N --trace` replays one and prints every step. */
import { openLab } from './lab.ts';
import { plants } from './plants.ts';
import { runSimulation } from './world.ts';

export async function runSeeds(args: readonly string[]): Promise<number> {
  const lab = await openLab();
  const started = Date.now();
  let failed = 0;
  if (args[0] === 'plants') {
    for (const [name, plant] of Object.entries(plants)) {
      const start = Date.now();
      let found = 'NOT FOUND in 100';
      for (let seed = 1; seed <= 100; seed += 1) {
        const r = await runSimulation({ seed, lab, plant });
        if (r.violation !== null) { found = `seed ${seed} ${r.violation}`; break; }
      }
      console.log(`${name}: ${found} (${Date.now() - start} ms)`);
    }
    return 0;
  }
  const from = Number(args[0] ?? 1);
  const count = Number(args[1] ?? 1);
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSimulation({ seed, lab });
    if (args.includes('--trace')) console.log(result.trace.join('\n'));
    if (result.violation !== null) {
      failed += 1;
      console.log(`seed ${seed} step ${result.step}: ${result.violation}`);
    }
  }
  console.log(`${count} seeds, ${failed} failed, ${((Date.now() - started) / count).toFixed(1)} ms a seed`);
  lab.close();
  return failed === 0 ? 0 : 1;
}
