/** The suites of `Driver` and `SyncStore` on the pool of the origin's private files: `opfs-sahpool` as the app opens it. */
import type { Driver } from '../../../src/client/db/driver.ts';
import { openOpfsPool } from '../../../src/client/db/drivers/opfs-pool.ts';
import { describeDriver } from '../../conformance/driver.ts';
import { describeSyncStore } from '../../conformance/sync-store.ts';
import { openStoreOn } from './open-store.ts';
import { runSuites } from './run-suites.ts';

const directory = 'suites-pool';

async function reset(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(directory, { recursive: true }).catch(() => undefined);
}

function open(): Promise<Driver> {
  return openOpfsPool({
    directory: `/${directory}`,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
}

async function openEmpty(now: () => number) {
  await reset();
  return openStoreOn(await open(), now);
}

function define(): void {
  describeDriver({ name: 'on the pool', persistent: true, reset, open });
  describeSyncStore({ name: 'on the pool', open: openEmpty });
}

void runSuites(define).then((outcomes) => self.postMessage(outcomes));
