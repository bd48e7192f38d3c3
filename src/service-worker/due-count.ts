/** How many cards wait, by what is stored on this device. */
import { planQuery, runPlan } from '../client/db/queries.ts';
import type { Summary } from '../client/db/api.ts';
import type { Clock } from '../sync/ports.ts';
import type { createDirectRun } from './direct-store.ts';

/** Null: a page has the database, or it cannot be opened here. */
export async function countDue(direct: ReturnType<typeof createDirectRun>, clock: Clock): Promise<number | null> {
  const counted = await direct(async (_store, database) => {
    const now = clock.now();
    const plan = planQuery('summary.get', { now, dayStart: new Date(now).setHours(0, 0, 0, 0) });
    const [summary] = database.read((sql) => runPlan(sql, plan)) as Summary[];
    return { due: summary!.due };
  });
  return counted !== null && 'due' in counted ? counted.due : null;
}
