/** The stores that are measured, each in a directory of its own that is removed afterwards. PostgreSQL has a keeper too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 } from 'uuid';
import type { ChangeStore } from '../../../src/server/change-store.ts';
import { openPostgresStore } from '../../../src/server/stores/postgres/postgres-store.ts';
import { openSqliteStore } from '../../../src/server/stores/sqlite/sqlite-store.ts';
import { createDatabase, startPostgres } from '../../support/postgres-cluster.ts';
import type { Keeper } from './keeper.ts';

export interface StoreUnderLoad {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** What the server is told of it. */
  readonly settings: Readonly<Record<string, string>>;
  /** Does something with the open store, while no server runs. */
  use<T>(work: (store: ChangeStore) => Promise<T>): Promise<T>;
  /** Pushes a second that are to be reached with 100 people at once. */
  readonly pushesToReach: number;
  /** How the bare server writes to it (bare-server.ts). */
  readonly bareWay: string;
  /** Whether several servers can have it at once. */
  readonly shared: boolean;
  /** The process of a database server, whose CPU counts too. */
  readonly pid: number | null;
  remove(): Promise<void>;
}

export async function sqliteUnderLoad(keeper: Keeper): Promise<StoreUnderLoad> {
  const directory = await mkdtemp(join(tmpdir(), 'lorikeet-load-'));
  keeper.files(directory);
  const file = join(directory, 'lorikeet.db');
  return {
    name: 'SQLite',
    settings: { LORIKEET_DATA: file },
    pushesToReach: 3_000,
    bareWay: 'a commit a group',
    async use(work) {
      const opened = openSqliteStore({ file, newId: v7 });
      if (!opened.ok) throw new Error(opened.error);
      try {
        return await work(opened.value);
      } finally {
        await opened.value.close();
      }
    },
    shared: false,
    pid: null,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export async function postgresUnderLoad(): Promise<StoreUnderLoad> {
  const cluster = await startPostgres();
  const url = await createDatabase(cluster.url);
  return {
    name: 'PostgreSQL',
    settings: { DATABASE_URL: url },
    pushesToReach: 1_500,
    bareWay: 'an INSERT and a commit each',
    async use(work) {
      const opened = await openPostgresStore({ url, newId: v7 });
      if (!opened.ok) throw new Error(opened.error);
      try {
        return await work(opened.value);
      } finally {
        await opened.value.close();
      }
    },
    shared: true,
    pid: cluster.pid,
    remove: () => cluster.close(),
  };
}
