/** The suite of `ChangeStore` on every implementation. A new one is one more call. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openTestStore } from '../support/server-harness.ts';
import { changeStoreSuite, type OpenedStore } from './change-store.ts';

changeStoreSuite('SQLite', openSqlite);

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
    async dispose() {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}
