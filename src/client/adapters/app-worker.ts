/** Registers the service worker and tells when a new version waits. It takes over when the person agrees to reload. */
import { syncTag, type ToServiceWorker } from '../sw-messages.ts';

/** How often a browser lets Periodic Background Sync wake us at best. Milliseconds. */
const periodicInterval = 15 * 60_000;
/** Where a service worker serves the page already, looking for a newer one waits until the screen is there. Milliseconds. */
const lookLater = 1_000;

export interface AppWorker {
  /** Whether a new version waits. */
  readonly ready: boolean;
  onReady(listener: () => void): () => void;
  /** Lets the waiting version take over, then reloads. */
  apply(): void;
}

export function registerAppWorker(container: ServiceWorkerContainer | undefined): AppWorker {
  const listeners = new Set<() => void>();
  let waiting: ServiceWorker | null = null;

  const offer = (worker: ServiceWorker | null): void => {
    // Without a controller this is the first install: nothing to update.
    if (!worker || !container?.controller) return;
    waiting = worker;
    for (const listener of listeners) listener();
  };

  const watch = (registration: ServiceWorkerRegistration): void => {
    offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const { installing } = registration;
      installing?.addEventListener('statechange', () => {
        if (installing.state === 'installed') offer(registration.waiting);
      });
    });
    void askForPeriodicSync(registration);
  };

  const register = (): void => {
    // A refusal (a private window, a broken install) leaves the app usable; what it cannot do is said in the settings.
    void container?.register('/sw.js', { scope: '/', updateViaCache: 'none' }).then(watch, () => undefined);
  };
  if (container?.controller) setTimeout(register, lookLater);
  else register();

  return {
    get ready() {
      return waiting !== null;
    },
    onReady(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    apply() {
      container?.addEventListener('controllerchange', () => location.reload(), { once: true });
      waiting?.postMessage({ type: 'take-over' } satisfies ToServiceWorker);
    },
  };
}

/** Chromium family, for an installed app that is used often (2026-11); elsewhere it is absent or refused. */
async function askForPeriodicSync(registration: ServiceWorkerRegistration): Promise<void> {
  const { periodicSync } = registration as {
    readonly periodicSync?: { register(tag: string, options: { minInterval: number }): Promise<void> };
  };
  await periodicSync?.register(syncTag, { minInterval: periodicInterval }).catch(() => undefined);
}
