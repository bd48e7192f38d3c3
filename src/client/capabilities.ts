/** What this browser has, asked once and in one place; `docs/browsers.md` has the matrix. */
export interface Capabilities {
  readonly serviceWorker: boolean;
  /** Files that survive (OPFS). False in some private windows: then sql.js with IndexedDB. */
  readonly opfs: boolean;
  /** The service worker may write OPFS files, so it can sync with no page open. */
  readonly writableInServiceWorker: boolean;
  /** Sync when the connection returns, with the app closed. Chromium family only (2026-11). */
  readonly backgroundSync: boolean;
  readonly periodicSync: boolean;
  /** Web Push, and notifications to show. On iOS only once the app is on the home screen (16.4). */
  readonly push: boolean;
}

/** Feature tests only: a browser is never recognised by its name. */
export async function detectCapabilities(): Promise<Capabilities> {
  const serviceWorker = 'serviceWorker' in navigator;
  const registration = typeof ServiceWorkerRegistration === 'undefined' ? {} : ServiceWorkerRegistration.prototype;
  return {
    serviceWorker,
    opfs: await hasOpfs(),
    writableInServiceWorker:
      typeof FileSystemFileHandle !== 'undefined' && 'createWritable' in FileSystemFileHandle.prototype,
    backgroundSync: serviceWorker && 'sync' in registration,
    periodicSync: serviceWorker && 'periodicSync' in registration,
    push: serviceWorker && 'pushManager' in registration && 'Notification' in globalThis,
  };
}

/** Firefox's private windows have the method but refuse it: only a call tells. */
async function hasOpfs(): Promise<boolean> {
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    return false;
  }
}
