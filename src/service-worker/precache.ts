/** The whole shell, stored at install: pages, the database worker's script, SQLite's WASM. The app starts without a network. */
import { cleanupOutdatedCaches, createHandlerBoundToURL, matchPrecache, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

/** Workbox's own shape of the list that the build injects. */
export type PrecacheList = Parameters<typeof precacheAndRoute>[0];

export function servePrecache(list: PrecacheList): void {
  cleanupOutdatedCaches();
  precacheAndRoute(list);
  registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [/^\/api\//] }));
}

/** A precached file by the pattern of its (hashed) address. */
export async function precached(list: PrecacheList, pattern: RegExp): Promise<Response> {
  const url = list
    .map((entry) => (typeof entry === 'string' ? entry : entry.url))
    .find((address) => pattern.test(address));
  if (url === undefined) throw new Error(`Broken invariant: nothing precached matches ${String(pattern)}`);
  return (await matchPrecache(url)) ?? fetch(url);
}
