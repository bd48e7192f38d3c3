/** Everything that wakes the service worker for a sync. Each event keeps it alive until the sync is over. */
import { savesData, type SupplyNavigator } from '../client/adapters/supply.ts';
import type { ToServiceWorker } from '../client/sw-messages.ts';
import { syncTag } from '../client/sw-messages.ts';
import { errors, type Failure } from '../protocol/errors.ts';
import type { PageLink } from './page-link.ts';
import type { SyncHost } from './sync-host.ts';

/** Background Sync and Periodic Background Sync (WICG; Chromium family, 2026-11): not in TypeScript's libraries. */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}
interface SyncManager {
  register(tag: string): Promise<void>;
}

interface SyncEventsOptions {
  readonly scope: ServiceWorkerGlobalScope;
  readonly host: SyncHost;
  readonly link: PageLink;
}

export function listenForSync({ scope, host, link }: SyncEventsOptions): void {
  scope.addEventListener('message', (event) => {
    const message = event.data as ToServiceWorker;
    switch (message.type) {
      case 'sync':
        event.waitUntil(host.sync(message.direction).then((failure) => wakeLater(scope, failure)));
        break;
      case 'store-port':
        if (event.ports[0]) link.connect({ port: event.ports[0], life: message.life });
        break;
      case 'store-closed':
        link.disconnect();
        break;
      case 'storage-wanted':
        host.giveWay();
        break;
      case 'take-over':
        event.waitUntil(scope.skipWaiting());
        break;
    }
  });
  scope.addEventListener('sync', (event) => {
    const { tag } = event as SyncEvent;
    // A rejection makes the browser fire the event again later, with its own backoff.
    if (tag === syncTag) (event as SyncEvent).waitUntil(host.sync('both').then(rejectIfPassing));
  });
  scope.addEventListener('periodicsync', (event) => {
    // Looking for news with the app closed is not worth it where data is dear.
    if ((event as SyncEvent).tag === syncTag && !savesData(scope.navigator as SupplyNavigator))
      (event as SyncEvent).waitUntil(host.sync('both'));
  });
}

/** A failure that passes: ask the browser to wake us when there is a connection, page or no page. */
export async function wakeLater(scope: ServiceWorkerGlobalScope, failure: Failure | null): Promise<void> {
  const manager = (scope.registration as { readonly sync?: SyncManager }).sync;
  if (!manager || !passes(failure)) return;
  // Refused where the person turned background sync off: then the next open syncs.
  await manager.register(syncTag).catch(() => undefined);
}

function rejectIfPassing(failure: Failure | null): void {
  if (passes(failure)) throw new Error(`Sync ended with ${failure!.code}; the browser tries again`);
}

function passes(failure: Failure | null): boolean {
  return failure !== null && errors[failure.code].retry === 'backoff';
}
