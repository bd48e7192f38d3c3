/**
 * What every `SyncStore` has to do, whoever answers: the database here, over a port, or an image of the file. An
 * implementation's test calls `describeSyncStore` with how to open one.
 */
import { describe } from 'vitest';
import { storeDevice, type OpenedSyncStore } from '../support/store-device.ts';
import { describeClock } from './sync-store-clock.ts';
import { describeFailingTables } from './sync-store-failing-tables.ts';
import { describeGathering } from './sync-store-gather.ts';
import { describeReload } from './sync-store-reload.ts';
import { describeResults } from './sync-store-results.ts';
import { describeRows } from './sync-store-rows.ts';
import { describeRuns } from './sync-store-runs.ts';

export interface SyncStoreUnderTest {
  readonly name: string;
  /** Opens an empty database whose device clock says `now()`. */
  open(now: () => number): Promise<OpenedSyncStore>;
}

export function describeSyncStore(subject: SyncStoreUnderTest): void {
  describe(`the sync store ${subject.name}`, () => {
    const device = storeDevice((now) => subject.open(now));
    describeGathering(device);
    describeResults(device);
    describeRows(device);
    describeClock(device);
    describeReload(device);
    describeFailingTables(device);
    describeRuns(device);
  });
}
