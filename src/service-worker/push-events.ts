/** Web Push: a wake becomes a sync, then what there is to tell becomes a notification, and a tap on it opens its screen. */
import type { OpenPath } from '../client/sw-messages.ts';
import type { PushControl } from '../client/sync-api.ts';
import type { NewsDesk } from './news.ts';
import { toldOf, type Told, type WakeKind } from './notifications.ts';
import { wakeLater } from './sync-events.ts';
import type { SyncHost } from './sync-host.ts';

interface PushEventsOptions {
  readonly scope: ServiceWorkerGlobalScope;
  readonly host: Pick<SyncHost, 'sync'>;
  readonly news: NewsDesk;
  readonly push: Pick<PushControl, 'keep'>;
  readonly permission: () => NotificationPermission;
  /** Cards that are due by what is stored here; null: not known. */
  readonly countDue: () => Promise<number | null>;
}

export function listenForPush(options: PushEventsOptions): void {
  const { scope, push } = options;
  scope.addEventListener('push', (event) => event.waitUntil(wake(options, kindOf(event.data))));
  scope.addEventListener('notificationclick', (event) => {
    event.notification.close();
    const { path } = event.notification.data as Pick<Told, 'path'>;
    event.waitUntil(open(scope, path));
  });
  scope.addEventListener('pushsubscriptionchange', (event) => (event as ExtendableEvent).waitUntil(push.keep()));
}

async function wake(options: PushEventsOptions, kind: WakeKind): Promise<void> {
  const { scope, host, news, permission, countDue } = options;
  news.listen();
  await wakeLater(scope, await host.sync('both'));
  const due = kind === 'due' ? await countDue() : null;
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const came = news.take();
  // Who looks at the app sees it there.
  if (pages.some(({ visibilityState }) => visibilityState === 'visible')) return;
  if (permission() !== 'granted') return;
  for (const told of toldOf({ kind, news: came, due })) await show(scope, told);
}

function show({ registration }: ServiceWorkerGlobalScope, { title, path, ...rest }: Told): Promise<void> {
  return registration.showNotification(title, {
    ...rest,
    data: { path },
    lang: 'en',
    icon: '/icons/icon-192.png',
    badge: '/icons/monochrome.png',
  });
}

/** A page that is there keeps what is typed in it: it is asked to go there itself. */
async function open({ clients }: ServiceWorkerGlobalScope, path: string): Promise<void> {
  const [page] = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (!page) {
    await clients.openWindow(path);
    return;
  }
  page.postMessage({ type: 'open-path', path } satisfies OpenPath);
  await page.focus();
}

/** A message that cannot be read, as one of a later server, still says that there is news. */
function kindOf(data: PushMessageData | null): WakeKind {
  try {
    const message: unknown = data?.json();
    return (message as { readonly kind?: unknown } | undefined)?.kind === 'due' ? 'due' : 'news';
  } catch {
    return 'news';
  }
}
