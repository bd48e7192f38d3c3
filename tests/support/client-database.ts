/** The client's database in Node, with a clock that tests set. */
import { Database } from '../../src/client/db/database.ts';
import type { Driver } from '../../src/client/db/driver.ts';
import type { MutationName, Mutations, Queries, QueryName } from '../../src/client/db/api.ts';
import type { Outcome } from '../../src/client/db/mutations/mutation.ts';
import { runMutation } from '../../src/client/db/mutations/run.ts';
import { planQuery } from '../../src/client/db/queries.ts';
import { answerPlan } from '../../src/client/db/search-index.ts';
import type { Value } from '../../src/base/value.ts';
import { syncOrder } from '../../src/schema/tables.ts';
import { openNodeDriver } from './node-driver.ts';

export interface TestDatabase {
  readonly database: Database;
  readonly clock: { time: number };
  mutate<M extends MutationName>(name: M, args: Mutations[M]): Outcome;
  query<Q extends QueryName>(name: Q, args: Queries[Q]['args']): Queries[Q]['row'][];
  rows(sql: string, params?: readonly Value[]): Record<string, Value>[];
  /** Everything stored but clock stamps, for comparing two databases. */
  contents(): Record<string, unknown>;
  close(): Promise<void>;
}

export function openTestDatabase(driver: Driver = openNodeDriver()): TestDatabase {
  const clock = { time: Date.UTC(2026, 10, 20, 12) };
  let ids = 0;
  const newId = (): string => `id-${String((ids += 1))}`;
  const opened = Database.open({ driver, clock: { now: () => clock.time }, newId });
  if (!opened.ok) throw new Error('the test database is newer than the app');
  const database = opened.value;
  const rows: TestDatabase['rows'] = (sql, params) => database.read((read) => read.all(sql, params));
  return {
    database,
    clock,
    rows,
    mutate: (name, args) => runMutation(database, { name, args, newId }),
    query: (name, args) => answerPlan(database, planQuery(name, args)) as never,
    contents: () => ({
      ...Object.fromEntries(syncOrder.map((table) => [table, rows(`SELECT * FROM ${table} ORDER BY id`)])),
      outbox: rows('SELECT tbl, id, op, base, base_seq FROM outbox ORDER BY tbl, id'),
      state: rows('SELECT device, user_id, user_name, cursor, attempts, next_attempt_at, last_error FROM sync_state'),
      rejected: rows('SELECT * FROM rejected_change ORDER BY table_name, row_id'),
    }),
    close: () => database.close(),
  };
}
