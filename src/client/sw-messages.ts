/** What pages and the service worker say to each other. */
import type { Failure } from '../protocol/errors.ts';
import type { Direction } from '../sync/report.ts';

export type ToServiceWorker =
  | { readonly type: 'sync'; readonly direction: Direction }
  /** A MessagePort to the database worker comes with it (`SyncStore` over a port). The worker holds the lock `life`. */
  | { readonly type: 'store-port'; readonly life: string }
  /** The database that the port led to is closed. */
  | { readonly type: 'store-closed' }
  /** A page is about to open the database: a direct run gives way. */
  | { readonly type: 'storage-wanted' }
  /** The waiting version may take over: the person agreed to reload. */
  | { readonly type: 'take-over' };

/** A way to the open database, from the page that leads. */
export interface StorePort {
  readonly port: MessagePort;
  /** The Web Lock that the database worker holds: when it is free, nobody answers at the port any more. */
  readonly life: string;
}

/** To each page, by `Client.postMessage`: whoever leads sends a port. */
export interface StoreWanted {
  readonly type: 'store-wanted';
}

/** To a page that is there already: the person tapped a notification. */
export interface OpenPath {
  readonly type: 'open-path';
  readonly path: string;
}

/** To all pages, over the channel `activityChannel`. */
export interface Activity {
  readonly running: boolean;
  /** How the last run ended; null when it got through. */
  readonly failure: Failure | null;
}

export const activityChannel = 'lorikeet-sync';
/** Held for as long as the database is open, by a database worker or a direct run (I8). */
export const databaseLock = 'lorikeet-db';
/** Held for as long as a sync runs. */
export const syncLock = 'lorikeet-sync';
/** Tag of Background Sync and Periodic Background Sync. */
export const syncTag = 'outbox';
