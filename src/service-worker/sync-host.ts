/**
 * Runs every sync of the app: finds the store (a page's, or the file itself), runs the engine on it, and tells the pages.
 * Never two at once, over service workers of two versions too. Keeps nothing that matters: a kill at any point loses
 * only the run (I5).
 */
import { readAhead } from '../client/adapters/read-ahead.ts';
import { syncLock, type Activity } from '../client/sw-messages.ts';
import type { Failure } from '../protocol/errors.ts';
import type { SyncReply } from '../protocol/messages.ts';
import type { Outcome } from '../sync/machine.ts';
import type { Clock, Random, SyncStore, Transport } from '../sync/ports.ts';
import type { Direction } from '../sync/report.ts';
import { createRunner } from '../sync/runner.ts';
import type { DirectRun } from './direct-store.ts';
import type { PageLink } from './page-link.ts';

/** Between opening and closing pages the storage is nobody's for a moment. */
const tries = 4;
const pauseBetweenTries = 1_000;

interface SyncHostOptions {
  readonly link: PageLink;
  readonly direct: DirectRun;
  readonly locks: LockManager;
  /** The way to the server; a direct run gives way when the signal says so. */
  readonly transport: (giveWay: AbortSignal) => Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds between two syncs when nothing else asks for one. */
  readonly interval: number;
  readonly announce: (activity: Activity) => void;
  /** Sees what the server sends, before it is stored. */
  readonly onReply?: (reply: SyncReply) => void;
}

export interface SyncHost {
  /** The failure that ended the sync, or null when it got through or there was nothing to do. */
  sync(direction: Direction): Promise<Failure | null>;
  /** A page wants the storage: a direct run stops, none begins, and the sync goes on over the page's port. */
  giveWay(): void;
}

export function createSyncHost(options: SyncHostOptions): SyncHost {
  const { link, locks } = options;
  let giveWay = new AbortController();
  let running: Promise<Failure | null> | null = null;
  let queued: Direction | null = null;

  const runOn = (store: SyncStore, signal: AbortSignal, direction: Direction): Promise<Outcome> => {
    const transport = watched(readAhead(options.transport(signal)));
    return createRunner({ ...options, store, transport }).sync(direction);
  };

  const watched = (transport: Transport): Transport => ({
    async exchange(request) {
      const result = await transport.exchange(request);
      if (result.ok) options.onReply?.(result.value.reply);
      return result;
    },
  });

  const once = async (direction: Direction): Promise<Outcome | Failure | null> => {
    const store = await link.store();
    if (store) {
      const outcome = await runOn(store, new AbortController().signal, direction);
      if (outcome.kind !== 'gave-way') link.confirm();
      return outcome;
    }
    // To read and write back a large file takes longer than a page takes to open it.
    if (link.expectsPort()) return null;
    giveWay = new AbortController();
    return options.direct((image) => runOn(image, giveWay.signal, direction));
  };

  const session = async (direction: Direction): Promise<Failure | null> => {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const ended = await once(direction);
      if (ended && 'code' in ended) return ended;
      if (ended?.kind === 'no-account') return null;
      if (ended?.kind === 'done') return ended.report.error;
      if (attempt < tries) await link.portWithin(pauseBetweenTries);
    }
    return { code: 'storage_busy' };
  };

  const run = async (direction: Direction): Promise<Failure | null> => {
    options.announce({ running: true, failure: null });
    let failure: Failure | null = { code: 'storage_failed' };
    try {
      failure = await locks.request(syncLock, () => session(direction));
    } finally {
      options.announce({ running: false, failure });
    }
    return failure;
  };

  const loop = async (first: Direction): Promise<Failure | null> => {
    let failure = await run(first);
    while (queued) {
      const next = queued;
      queued = null;
      // A server that hangs would hold every further try as long: the next one is planned.
      if (failure?.code === 'timeout') break;
      failure = await run(next);
    }
    return failure;
  };

  return {
    sync(direction) {
      if (running) {
        queued = queued === null || queued === direction ? direction : 'both';
        return running;
      }
      running = loop(direction).finally(() => {
        running = null;
      });
      return running;
    },
    giveWay: () => {
      link.expectPort();
      giveWay.abort();
    },
  };
}
