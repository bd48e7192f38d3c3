/**
 * The page's side of syncing: tells the service worker when a sync is due, hands it the way to the database, and hears
 * what it does. Decides nothing about data.
 */
import type { Failure } from '../../protocol/errors.ts';
import { errors } from '../../protocol/errors.ts';
import type { DatabaseState, LocalDatabase, SyncStatusRow } from '../db/api.ts';
import {
  activityChannel,
  syncTag,
  type Activity,
  type StorePort,
  type StoreWanted,
  type ToServiceWorker,
} from '../sw-messages.ts';
import type { Direction, SyncActivity, SyncControl, SyncReason } from '../sync-api.ts';
import { isServerWell } from './health.ts';
import { createPacing } from './pacing.ts';
import { openPokes } from './pokes.ts';
import { watchSupply, type SupplyNavigator } from './supply.ts';

/** The database as syncing needs it: with the way for the service worker and news of the person's changes. */
export interface SyncedDatabase extends LocalDatabase {
  /** A port to the database worker that serves `SyncStore`, or null where another tab leads. */
  openStorePort(): StorePort | null;
  onLocalChange(listener: () => void): () => void;
}

interface SyncControlOptions {
  readonly database: SyncedDatabase;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function createSyncControl({ database, now }: SyncControlOptions): SyncControl {
  const listeners = new Set<(activity: SyncActivity) => void>();
  let activity: SyncActivity = { running: false, failure: null, online: navigator.onLine, saving: null };
  let status: SyncStatusRow | null = null;
  let begunAt: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const update = (change: Partial<SyncActivity>): void => {
    activity = { ...activity, ...change };
    for (const listener of listeners) listener(activity);
  };

  const pacing = createPacing({
    sync: () => tell({ type: 'sync', direction: 'both' }),
    moment: () => ({
      saving: activity.saving,
      waiting: status?.waiting ?? 0,
      lastAt: later(begunAt, status?.last_sync_at ?? null),
    }),
    now,
    later: (milliseconds, work) => {
      const planned = setTimeout(work, milliseconds);
      return () => clearTimeout(planned);
    },
  });

  const request = (reason: SyncReason, direction: Direction = 'both'): void => {
    if (status === null || status.user_id === null) return;
    // While the server is down, each keystroke must not knock again: the next attempt is planned.
    if (reason === 'change' && isWaitingToRetry(activity.failure, status, now())) return;
    if (direction === 'both') pacing.request(reason);
    else tell({ type: 'sync', direction });
  };

  const plan = (): void => {
    clearTimeout(timer);
    const at = status?.next_attempt_at ?? null;
    if (at !== null) timer = setTimeout(() => request('interval'), Math.max(0, at - now()));
  };

  const channel = new BroadcastChannel(activityChannel);
  channel.onmessage = ({ data }: MessageEvent<Activity>) => {
    if (data.running) {
      begunAt = now();
      return update({ running: true });
    }
    // The browser's word is a hint: it may say online where nothing is reached.
    const online = navigator.onLine && data.failure?.code !== 'offline';
    update({ running: false, failure: data.failure, online });
  };

  const pokes = openPokes(() => request('poke'));
  /** A connection that is kept open costs a device that is to be spared too much. */
  const followPokes = (): void => {
    const hears = isLeader(database.state) && status?.user_id && activity.saving === null;
    pokes.follow(hears ? (status?.device ?? null) : null);
  };
  const supply = watchSupply(navigator as SupplyNavigator, () => look());
  const look = (): void => {
    update({ saving: supply.saving });
    followPokes();
    pacing.reconsider();
  };
  look();
  const followStatus = (): void => {
    database.live('sync.status', {}, ([row]) => {
      const signedIn = status === null && row !== undefined && row.user_id !== null;
      const waitedBefore = status?.waiting ?? 0;
      status = row ?? null;
      // Not left for when the app closes: its process may be gone before it could say so.
      if (!navigator.onLine && (status?.waiting ?? 0) > waitedBefore) leaveWord(status);
      followPokes();
      plan();
      if (signedIn) request('open');
    });
  };
  // What the first screen asks is answered first.
  setTimeout(followStatus);
  database.onLocalChange(() => request('change'));
  const wantStorage = ({ kind }: DatabaseState): void => {
    if (kind === 'opening') tell({ type: 'storage-wanted' });
  };
  // It has been opening since before anyone could listen.
  wantStorage(database.state);
  database.onState((state) => {
    wantStorage(state);
    if (isLeader(state)) offerStore(database);
    else tell({ type: 'store-closed' });
    followPokes();
    if (state.kind === 'ready') request('visible');
  });
  navigator.serviceWorker?.addEventListener('message', ({ data }: MessageEvent<StoreWanted>) => {
    if (data.type === 'store-wanted') offerStore(database);
  });
  window.addEventListener('online', () => {
    request('online');
    // The health check decides, also for who has no account and so never syncs.
    void isServerWell(fetch.bind(window)).then((well) => update({ online: navigator.onLine && well }));
  });
  window.addEventListener('offline', () => {
    update({ online: false });
    leaveWord(status);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') leaveWord(status);
  });

  return {
    request,
    get activity() {
      return activity;
    },
    onActivity(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function isLeader(state: DatabaseState): boolean {
  return state.kind === 'ready' && state.role === 'leader';
}

/** `ready` and not the controller: on the very first visit the worker is active before it controls this page. */
function tell(message: ToServiceWorker, transfer: Transferable[] = []): void {
  void navigator.serviceWorker?.ready.then(({ active }) => active?.postMessage(message, transfer));
}

function offerStore(database: SyncedDatabase): void {
  const offer = database.openStorePort();
  if (offer) tell({ type: 'store-port', life: offer.life }, [offer.port]);
}

function isWaitingToRetry(failure: Failure | null, status: SyncStatusRow, now: number): boolean {
  const planned = status.next_attempt_at !== null && status.next_attempt_at > now;
  return failure !== null && errors[failure.code].retry === 'backoff' && planned && navigator.onLine;
}

/** Edits wait, and the app may soon be gone: the browser is asked to wake the service worker for them. */
function leaveWord(status: SyncStatusRow | null): void {
  if (!status?.user_id || status.waiting === 0) return;
  void navigator.serviceWorker?.ready.then((registration) => {
    const { sync } = registration as { readonly sync?: { register(tag: string): Promise<void> } };
    // Absent in Firefox and Safari (2026-11), refused where the person turned it off: then the next open syncs.
    return sync?.register(syncTag).catch(() => undefined);
  });
}
