/** The service worker: composition only. */
import sqlite3InitModule, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { v7 } from 'uuid';
import { poolDirectory, poolFile } from '../client/db/drivers/pool-files.ts';
import { lockFreed } from '../client/db/lock-freed.ts';
import { activityChannel, type Activity } from '../client/sw-messages.ts';
import { createPushControl } from '../client/adapters/push-control.ts';
import { createDirectRun } from './direct-store.ts';
import { countDue } from './due-count.ts';
import { createNews } from './news.ts';
import { createPageLink } from './page-link.ts';
import { precached, servePrecache, type PrecacheList } from './precache.ts';
import { listenForPush } from './push-events.ts';
import { listenForSync } from './sync-events.ts';
import { createFetchTransport } from '../client/adapters/fetch-transport.ts';
import { createSyncHost } from './sync-host.ts';

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: PrecacheList };

/** Its types leave out Emscripten's module options. */
const initSqlite = sqlite3InitModule as (module: { wasmBinary: ArrayBuffer }) => Promise<Sqlite3Static>;

const shell = self.__WB_MANIFEST;
const clock = { now: () => Date.now() };
const channel = new BroadcastChannel(activityChannel);
const link = createPageLink({ clients: self.clients, elapsed: () => performance.now(), lockFreed });

const news = createNews(clock);
const direct = createDirectRun({
  locks: navigator.locks,
  loadSqlite: once(async () => {
    const wasmBinary = await (await precached(shell, /\/sqlite3-[^/]*\.wasm$/)).arrayBuffer();
    return initSqlite({ wasmBinary });
  }),
  poolDirectory,
  databasePath: poolFile,
  clock,
  newId: v7,
});

const host = createSyncHost({
  link,
  direct,
  locks: navigator.locks,
  transport: (giveWay) => createFetchTransport({ fetch: (...args) => fetch(...args), giveWay }),
  clock,
  random: { next: () => Math.random() },
  interval: 15 * 60_000,
  announce: (activity: Activity) => channel.postMessage(activity),
  onReply: news.note,
});
const permission = () => Notification.permission;
const push = createPushControl({
  registration: () => Promise.resolve(self.registration),
  permission,
  askPermission: null,
  fetch: (...args) => fetch(...args),
  timeZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
});

servePrecache(shell);
listenForSync({ scope: self, host, link });
listenForPush({ scope: self, host, news, push, permission, countDue: () => countDue(direct, clock) });
// Pages of the first visit are served from here on at once; a later version waits until the person agrees (`take-over`).
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
