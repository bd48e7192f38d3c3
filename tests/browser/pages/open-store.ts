/** An empty database on a driver, with its store. */
import { Database } from '../../../src/client/db/database.ts';
import type { Driver } from '../../../src/client/db/driver.ts';
import { createSyncStore } from '../../../src/client/db/sync-store.ts';
import type { OpenedSyncStore } from '../../support/store-device.ts';

export function openStoreOn(driver: Driver, now: () => number): OpenedSyncStore {
  let ids = 0;
  const opened = Database.open({ driver, clock: { now }, newId: () => `new-${(ids += 1)}` });
  if (!opened.ok) throw new Error('a new file opens');
  return { database: opened.value, store: createSyncStore(opened.value), close: () => opened.value.close() };
}
