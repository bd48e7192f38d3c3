/** A tap on a notification while a page is open: the service worker asks the page to go there. */
import type { OpenPath } from '../sw-messages.ts';

export interface NotificationTaps {
  onOpen(listener: (path: string) => void): () => void;
}

export function hearNotificationTaps(container: ServiceWorkerContainer | undefined): NotificationTaps {
  return {
    onOpen(listener) {
      const hear = ({ data }: MessageEvent<OpenPath | { readonly type: string }>): void => {
        if (data.type === 'open-path') listener((data as OpenPath).path);
      };
      container?.addEventListener('message', hear);
      return () => container?.removeEventListener('message', hear);
    },
  };
}

/** Who opens the app sees what was told of: it need not stay among the notifications. */
export function clearNotificationsWhenSeen(document: Document, container: ServiceWorkerContainer | undefined): void {
  const clear = (): void => {
    if (document.visibilityState !== 'visible') return;
    void container?.ready
      .then((registration) => registration.getNotifications?.())
      .then((shown) => shown?.forEach((notification) => notification.close()));
  };
  document.addEventListener('visibilitychange', clear);
  clear();
}
