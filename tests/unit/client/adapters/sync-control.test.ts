/** What a page tells the service worker while its database opens. The browser around it is made up here. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createSyncControl } from '../../../../src/client/adapters/sync-control.ts';
import { FakeLocalDatabase } from '../../../support/fake-local-database.ts';

const told: unknown[] = [];

class SilentChannel {
  onmessage = null;
}

beforeEach(() => {
  told.length = 0;
  const active = { postMessage: (message: unknown) => told.push(message) };
  const serviceWorker = Object.assign(new EventTarget(), { ready: Promise.resolve({ active }) });
  vi.stubGlobal('navigator', { onLine: true, serviceWorker });
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('BroadcastChannel', SilentChannel);
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
