/** What a page tells the service worker and the browser. The browser around it is made up here. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSyncControl } from '../../../../src/client/adapters/sync-control.ts';
import type { SyncStatusRow } from '../../../../src/client/db/api.ts';
import { FakeLocalDatabase } from '../../../support/fake-local-database.ts';

const told: unknown[] = [];
const registered: string[] = [];

class SilentChannel {
  onmessage = null;
}

class SilentEventSource extends EventTarget {
  close(): void {}
}

beforeEach(() => {
  told.length = 0;
  registered.length = 0;
  const active = { postMessage: (message: unknown) => told.push(message) };
  const sync = { register: async (tag: string) => void registered.push(tag) };
  const serviceWorker = Object.assign(new EventTarget(), { ready: Promise.resolve({ active, sync }) });
  vi.stubGlobal('navigator', { onLine: true, serviceWorker });
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('BroadcastChannel', SilentChannel);
  vi.stubGlobal('EventSource', SilentEventSource);
});
afterEach(() => vi.unstubAllGlobals());

it('asks for its own status when the first screen has asked for what it shows', async () => {
  const fake = new FakeLocalDatabase();
  const database = Object.assign(fake, { openStorePort: () => null, onLocalChange: () => () => undefined });
  const live = vi.spyOn(database, 'live');
  createSyncControl({ database, now: () => 1 });
  queueMicrotask(() => database.live('words.list', { search: '', limit: 1, offset: 0 }, () => undefined));
  await vi.waitFor(() => expect(live.mock.calls.map(([name]) => name)).toEqual(['words.list', 'sync.status']));
});

it('has the service worker give the storage up to a page that has begun to open it', async () => {
  const fake = new FakeLocalDatabase();
  const database = Object.assign(fake, { openStorePort: () => null, onLocalChange: () => () => undefined });
  vi.spyOn(database, 'state', 'get').mockReturnValue({ kind: 'opening' });
  createSyncControl({ database, now: () => 1 });
  await vi.waitFor(() => expect(told).toContainEqual({ type: 'storage-wanted' }));
});

describe('edits that wait without a network', () => {
  const waiting = (count: number): SyncStatusRow => ({
    ...new FakeLocalDatabase().status,
    user_id: 'ana',
    waiting: count,
  });

  async function pageWith(first: SyncStatusRow): Promise<{ show(row: SyncStatusRow): void }> {
    const fake = new FakeLocalDatabase();
    const database = Object.assign(fake, { openStorePort: () => null, onLocalChange: () => () => undefined });
    let show: ((rows: readonly SyncStatusRow[]) => void) | undefined;
    vi.spyOn(database, 'live').mockImplementation((_query, _parameters, listener) => {
      show = listener as typeof show;
      return () => undefined;
    });
    createSyncControl({ database, now: () => 1 });
    await vi.waitFor(() => expect(show).toBeDefined());
    show!([first]);
    return { show: (row) => show!([row]) };
  }

  it('are left with the browser as soon as they are kept, for an app that is swiped away at once', async () => {
    vi.stubGlobal('navigator', { ...navigator, onLine: false });
    const page = await pageWith(waiting(0));
    expect(registered).toEqual([]);
    page.show(waiting(1));
    await vi.waitFor(() => expect(registered).toEqual(['outbox']));
    page.show(waiting(1));
    page.show(waiting(2));
    await vi.waitFor(() => expect(registered).toEqual(['outbox', 'outbox']));
  });

  it('are left with the browser when the connection goes', async () => {
    await pageWith(waiting(3));
    expect(registered).toEqual([]);
    window.dispatchEvent(new Event('offline'));
    await vi.waitFor(() => expect(registered).toEqual(['outbox']));
  });

  it('are not left with it while it is online: it would wake the service worker into a sync under way', async () => {
    const page = await pageWith(waiting(0));
    page.show(waiting(1));
    // What is not to come would have come by now: it needs no timer.
    await new Promise((resolve) => setImmediate(resolve));
    expect(registered).toEqual([]);
  });
});
