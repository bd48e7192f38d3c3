/**
 * How one hears that a worker has ended, however it ended: it holds a Web Lock for as long as it lives, and no event tells
 * of its end (the `close` event of its ports does not come: Chromium 156).
 */

/** Resolves when the lock is free, or the signal says that nobody waits any more. */
export async function lockFreed(name: string, signal: AbortSignal): Promise<void> {
  try {
    await navigator.locks.request(name, { signal }, () => undefined);
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
}
