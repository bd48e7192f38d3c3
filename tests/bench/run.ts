/** The benchmark: runs its parts one after the other and reports. Started by .scripts/bench.mjs, which builds first. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { figureOf, formatTable, type Figure, type Series } from './figures.ts';
import { Lab } from './lab.ts';
import { circumstances } from './machine.ts';
import { measureDirect } from './parts/direct.ts';
import { measureEngine } from './parts/engine.ts';
import { measureExchange } from './parts/exchange.ts';
import { measureFirstLoad } from './parts/first-load.ts';
import { measureLatency } from './parts/latency.ts';
import { measurePageForms } from './parts/page-forms.ts';
import { measureSizes } from './parts/sizes.ts';
import { measureStarts } from './parts/starts.ts';
import { measureWrites } from './parts/writes.ts';

const parts: Readonly<Record<string, (lab: Lab) => Promise<Series[]>>> = {
  writes: measureWrites,
  starts: measureStarts,
  exchange: measureExchange,
  latency: measureLatency,
  sizes: measureSizes,
  direct: measureDirect,
  engine: measureEngine,
  pages: measurePageForms,
  'first-load': measureFirstLoad,
};

/** Gives the exit code: 1 when a part failed; a missed target is a result like any other. */
export async function runBenchmark(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'string' },
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
    },
  });
  const chosen = values.only ?? Object.keys(parts);
  const unknown = chosen.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) {
    console.error(`There is no part "${unknown}". There are: ${Object.keys(parts).join(', ')}.`);
    return 1;
  }
  const where = circumstances();
  console.log(`${where.browser}, Node ${where.node}, ${where.cores} × ${where.processor}, load ${where.load}`);
  const figures: Figure[] = [];
  let failed = false;
  for (const name of chosen) {
    const lab = new Lab({ quick: values.quick, say: (line) => console.log(line) });
    try {
      figures.push(...(await parts[name]!(lab)).map((series) => figureOf(name, series)));
    } catch (error) {
      failed = true;
      console.error(`${name} failed:`, error);
    } finally {
      await lab.close();
    }
  }
  console.log(`\n${formatTable(figures)}`);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ ...where, quick: values.quick, figures }, null, 2)}\n`);
  }
  return failed ? 1 : 0;
}
