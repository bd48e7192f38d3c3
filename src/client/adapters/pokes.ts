/**
 * The server's pokes: an event stream, open in the leading tab while it is in view. A poke says only that there is
 * something new. The browser reconnects by itself with the last event's id; a stream that was refused is tried again.
 */
/** Milliseconds, at least; by chance up to three times as long, so that not all pages of a server that was away ask at once. */
const retryAfterRefusal = 15_000;

export interface Pokes {
  /** Listens on behalf of a device, or to none. */
  follow(device: string | null): void;
}

export function openPokes(onPoke: () => void): Pokes {
  let stream: { readonly source: EventSource; readonly device: string } | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const close = (): void => {
    clearTimeout(retry);
    stream?.source.close();
    stream = null;
  };

  const open = (device: string): void => {
    const source = new EventSource(`/api/sync/events?device=${encodeURIComponent(device)}`);
    stream = { source, device };
    source.addEventListener('poke', onPoke);
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED || stream?.source !== source) return;
      close();
      retry = setTimeout(() => open(device), retryAfterRefusal * (1 + 2 * Math.random()));
    });
  };

  // An open connection keeps a page out of the back/forward cache.
  window.addEventListener('pagehide', close);

  return {
    follow(device) {
      if (device === (stream?.device ?? null)) return;
      close();
      if (device !== null) open(device);
    },
  };
}
