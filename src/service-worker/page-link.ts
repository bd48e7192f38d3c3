/**
 * The way to the database of an open page: a port that the leading page sends, at its start or when asked. The service
 * worker is stopped and started at the browser's will and forgets its ports, so it asks again.
 */
import { createPortStore, type PortStore } from '../client/adapters/store-over-port.ts';
import type { StorePort, StoreWanted } from '../client/sw-messages.ts';

/** Milliseconds that a page has to answer. A frozen page never does, and counts as no page. */
const answerLimit = 400;
/** An answer not older than this is proof enough that the port's worker lives. Milliseconds. */
const freshness = 1_000;
/** A page that said it would open the database is waited for so long: until then it would have to wait for us. Milliseconds. */
const openingLimit = 5_000;

export interface PageLink {
  /** The store of the leading page, or null when no page answers. */
  store(): Promise<PortStore | null>;
  /** A page has said that it is about to open the database. */
  expectPort(): void;
  /** Whether such a page may still send its port. */
  expectsPort(): boolean;
  /** Resolves when a page sends a port, or after `limit` milliseconds. */
  portWithin(limit: number): Promise<void>;
  connect(port: StorePort): void;
  disconnect(): void;
  /** The store has just answered. */
  confirm(): void;
}

/** The part of `Clients` that is used. */
export interface OpenPages {
  matchAll(options: {
    type: 'window';
    includeUncontrolled: true;
  }): Promise<readonly { postMessage(message: unknown): void }[]>;
}

interface PageLinkOptions {
  readonly clients: OpenPages;
  /** Milliseconds, monotonic. */
  readonly elapsed: () => number;
  /** Resolves when the lock is free or the signal is given. */
  readonly lockFreed: (name: string, signal: AbortSignal) => Promise<void>;
}

export function createPageLink({ clients, elapsed, lockFreed }: PageLinkOptions): PageLink {
  let current: PortStore | null = null;
  let dropped = new AbortController();
  let confirmedAt = -Infinity;
  let expectedAt = -Infinity;
  const waiting = new Set<() => void>();

  const portWithin = (limit: number): Promise<void> =>
    new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        waiting.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, limit);
      waiting.add(settle);
    });

  const disconnect = (): void => {
    dropped.abort();
    current?.close();
    current = null;
  };

  /** A worker that ends says nothing: what it was asked would be waited for in vain, with the app closed. */
  const dropWhenFree = async (life: string): Promise<void> => {
    const { signal } = dropped;
    await lockFreed(life, signal);
    if (!signal.aborted) disconnect();
  };

  const alive = async (): Promise<PortStore | null> => {
    if (!current) return null;
    if (elapsed() - confirmedAt < freshness) return current;
    const asked = current;
    if (await asked.isAlive()) {
      if (asked === current) confirmedAt = elapsed();
      return current;
    }
    if (asked === current) disconnect();
    return current;
  };

  return {
    async store() {
      const store = await alive();
      if (store) return store;
      // A page that was reloaded past the service worker, or loaded before it was there, is not controlled but counts.
      const pages = await clients.matchAll({ type: 'window', includeUncontrolled: true });
      if (pages.length === 0) {
        // The one that was about to open is gone again.
        expectedAt = -Infinity;
        return null;
      }
      const answered = portWithin(answerLimit);
      for (const page of pages) page.postMessage({ type: 'store-wanted' } satisfies StoreWanted);
      await answered;
      return current;
    },
    expectPort() {
      expectedAt = elapsed();
    },
    expectsPort: () => elapsed() - expectedAt < openingLimit,
    portWithin,
    connect({ port, life }) {
      disconnect();
      expectedAt = -Infinity;
      current = createPortStore(port);
      confirmedAt = -Infinity;
      dropped = new AbortController();
      void dropWhenFree(life);
      for (const settle of waiting) settle();
    },
    disconnect,
    confirm() {
      confirmedAt = elapsed();
    },
  };
}
