/** The server's benchmark: each part on each store. Started by .scripts/bench-server.mjs, which builds first. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Series } from '../figures.ts';
import { figureOf, formatTable, type Figure } from '../figures.ts';
import { circumstances } from '../machine.ts';
import { startKeeper, type Keeper } from './keeper.ts';
import type { ServerLab } from './lab.ts';
import { measureFloor } from './parts/floor.ts';
import { measureFirstLoads } from './parts/first-loads.ts';
import { measureKills } from './parts/kills.ts';
import { measureMixedHour } from './parts/mixed.ts';
import { measurePokes } from './parts/pokes.ts';
import { measurePushes } from './parts/pushes.ts';
import { measureStreams } from './parts/streams.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { postgresUnderLoad, sqliteUnderLoad, type StoreUnderLoad } from './stores.ts';

const stores: Readonly<Record<string, (keeper: Keeper) => Promise<StoreUnderLoad>>> = {
  sqlite: sqliteUnderLoad,
  postgres: postgresUnderLoad,
};
const parts: Readonly<Record<string, (lab: ServerLab) => Promise<Series[]>>> = {
  pushes: measurePushes,
  floor: measureFloor,
  mixed: measureMixedHour,
  streams: measureStreams,
  pokes: measurePokes,
  kills: measureKills,
  'first-loads': measureFirstLoads,
};

/** Gives the exit code: 1 when a part failed, a lost change above all; a missed target is a result like any other. */
export async function runServerBenchmark(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'string' },
      only: { type: 'string', multiple: true },
      store: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
    },
  });
  const chosenParts = choose('part', parts, values.only);
  const chosenStores = choose('store', stores, values.store);
  if (!chosenParts || !chosenStores) return 1;
  const where = circumstances();
  console.log(`Node ${where.node}, ${where.cores} × ${where.processor}, load ${where.load}`);
  const figures: Figure[] = [];
  const keeper = startKeeper();
  let failed = false;
  for (const openStore of chosenStores) {
    for (const [name, measure] of Object.entries(parts).filter(([, part]) => chosenParts.includes(part))) {
      const store = await openStore(keeper);
      const servers: ServerProcess[] = [];
      const startHere: ServerLab['startServer'] = async ({ entry = 'main' } = {}) => {
        // The bare one keeps to a file or a table of its own.
        const file = store.settings['LORIKEET_DATA'];
        const settings = entry === 'main' || file === undefined ? store.settings : { LORIKEET_DATA: `${file}.bare` };
        const server = await startServer({ store: settings, entry, keeper });
        servers.push(server);
        return server;
      };
      const lab: ServerLab = {
        ...{ store, quick: values.quick, startServer: startHere },
        say: (line) => console.log(line),
      };
      try {
        figures.push(...(await measure(lab)).map((series) => figureOf(`${store.name}, ${name}`, series)));
      } catch (error) {
        failed = true;
        console.error(`${store.name}, ${name} failed:`, error);
      } finally {
        for (const server of servers) await server.stop('SIGKILL');
        await store.remove();
      }
    }
  }
  await keeper.close();
  console.log(`\n${formatTable(figures)}`);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ ...where, quick: values.quick, figures }, null, 2)}\n`);
  }
  return failed ? 1 : 0;
}

/** All, or those that are named; null when one is unknown. */
function choose<T>(kind: string, known: Readonly<Record<string, T>>, names: readonly string[] | undefined): T[] | null {
  const unknown = names?.find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    console.error(`There is no ${kind} "${unknown}". There are: ${Object.keys(known).join(', ')}.`);
    return null;
  }
  return (names ?? Object.keys(known)).map((name) => known[name]!);
}
