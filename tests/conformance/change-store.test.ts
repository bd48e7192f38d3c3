/** The suites of `ChangeStore` on every implementation. A new one is one more call. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { createDatabase, dropDatabase, inCluster } from '../support/postgres-cluster.ts';
import { postgresForTests } from '../support/postgres-setup.ts';
import { openPostgresTestStore, openTestStore } from '../support/server-harness.ts';
import { accountStoreSuite } from './account-store.ts';
import { changeStoreSuite, type OpenedStore } from './change-store.ts';
import { pushStoreSuite } from './push-store.ts';

changeStoreSuite('SQLite', openSqlite);
accountStoreSuite('SQLite', openSqlite);
pushStoreSuite('SQLite', openSqlite);
changeStoreSuite('PostgreSQL', openPostgres);
accountStoreSuite('PostgreSQL', openPostgres);
pushStoreSuite('PostgreSQL', openPostgres);

async function openSqlite(): Promise<OpenedStore> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lorikeet-store-'));
  const file = path.join(directory, 'lorikeet.db');
  let store = openTestStore(file);
  return {
    store,
    async reopen() {
      await store.close();
      store = openTestStore(file);
      return store;
    },
    async rowCounts() {
      const database = new Database(file, { readonly: true });
      const count = (table: string) => database.prepare(`SELECT count(*) FROM "${table}"`).pluck().get() as number;
      const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
      const counts = Object.fromEntries(tables.map((table) => [table, count(table)]));
      database.close();
      return counts;
    },
    async dispose() {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function openPostgres(): Promise<OpenedStore> {
  const url = await createDatabase(await postgresForTests());
  let store = await openPostgresTestStore(url);
  return {
    store,
    async reopen() {
      await store.close();
      store = await openPostgresTestStore(url);
      return store;
    },
    async rowCounts() {
      const tables = await inCluster(
        url,
        `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
         AND relnamespace = 'public'::regnamespace AND relname <> 'lorikeet_schema'`,
      );
      const counts = tables.map(async ({ relname }) => {
        const [row] = await inCluster(url, `SELECT count(*)::int AS count FROM ${String(relname)}`);
        return [relname, row!['count']] as [string, number];
      });
      return Object.fromEntries(await Promise.all(counts));
    },
    async dispose() {
      await store.close();
      await dropDatabase(url);
    },
  };
}
