/**
 * The server's pokes: an event stream, open in the leading tab while it is in view. A poke says only that there is
 * something new, and a stream begins with one, so that nothing is missed in between. A stream that is cut is opened again by
 * the browser, once, when the server said and with the id of the last poke; from then on, and when it was refused, by us,
 * with pauses that grow until a poke comes.
 */

export interface Pokes {
  /** Listens on behalf of a device, or to none. */
  follow(device: string | null): void;
}

/** The pause doubles with each failure in a row from the first to the longest, in milliseconds. */
const firstPause = 2_000;
const longestPause = 60_000;
/** Who was refused is not let in a moment later. */
const pauseAfterRefusal = 15_000;

/** By chance up to twice as long, so that not all pages of a server that was away ask at once. */
function pauseAfter(failures: number, refused: boolean): number {
  const grown = Math.min(longestPause, firstPause * 2 ** (failures - 1));
  return Math.max(grown, refused ? pauseAfterRefusal : 0) * (1 + Math.random());
}

export function openPokes(onPoke: () => void): Pokes {
  let wanted: string | null = null;
  let source: EventSource | null = null;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const close = (): void => {
    clearTimeout(retry);
    retry = undefined;
    source?.close();
    source = null;
  };

  const open = (device: string): void => {
    close();
    const stream = new EventSource(`/api/sync/events?device=${encodeURIComponent(device)}`);
    source = stream;
    stream.addEventListener('poke', () => {
      failures = 0;
      onPoke();
    });
    stream.addEventListener('error', () => {
      if (source !== stream) return;
      failures += 1;
      const refused = stream.readyState === EventSource.CLOSED;
      if (!refused && failures === 1) return;
      close();
      retry = setTimeout(() => open(device), pauseAfter(failures, refused));
    });
  };

  // An open connection keeps a page out of the back/forward cache.
  window.addEventListener('pagehide', () => {
    wanted = null;
    close();
  });
  window.addEventListener('online', () => {
    if (wanted === null || retry === undefined) return;
    failures = 0;
    open(wanted);
  });

  return {
    follow(device) {
      if (device === wanted) return;
      wanted = device;
      failures = 0;
      if (device === null) close();
      else open(device);
    },
  };
}
