/** What every `SyncStore` keeps of the runs. */
import { expect, it } from 'vitest';
import type { SyncReport } from '../../src/sync/report.ts';
import { start } from '../support/store-replies.ts';
import { report, value, type StoreDevice } from '../support/store-device.ts';

export function describeRuns(device: StoreDevice): void {
  const { all, gather } = device;

  it('records runs, and how many failed in a row', async () => {
    const failed: SyncReport = { ...report, error: { code: 'offline', detail: 'no route' } };
    value(await device.store.record(failed, { at: start + 5_000, attempts: 2 }));
    expect((await gather()).attempts).toBe(2);
    expect(all('SELECT next_attempt_at, last_error, last_sync_at FROM sync_state')).toEqual([
      { next_attempt_at: start + 5_000, last_error: 'offline', last_sync_at: null },
    ]);
    value(await device.store.record(report, { at: null, attempts: 0 }));
    expect(all('SELECT attempts, last_error, last_sync_at FROM sync_state')).toEqual([
      { attempts: 0, last_error: null, last_sync_at: report.finishedAt },
    ]);
    expect(all('SELECT processed, error FROM sync_run ORDER BY id')).toEqual([
      { processed: 3, error: 'offline' },
      { processed: 3, error: null },
    ]);
  });
}
