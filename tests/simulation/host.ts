/** What the processes of a device have of it. */
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { ToServiceWorker } from '../../src/client/sw-messages.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { Schema } from '../../src/schema/schema.ts';
import type { Clock, SyncStore, Transport } from '../../src/sync/ports.ts';
import type { Channels, Locks, Port } from './browser.ts';
import type { Dice } from './dice.ts';
import type { Disk } from './disk.ts';
import type { Plant } from './plant.ts';
import type { DeviceRecord } from './record.ts';
import type { Process, Scheduler } from './scheduler.ts';
import type { Verdict } from './verdict.ts';

/** A page, as the service worker sees it. */
export interface Client {
  readonly page: Process;
  offerStore(): void;
}

export interface Host {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly disk: Disk;
  readonly sqlite3: Sqlite3Static;
  readonly verdict: Verdict;
  readonly plant: Plant;
  readonly browser: Process;
  readonly locks: Locks;
  readonly channels: Channels;
  readonly record: DeviceRecord;
  readonly clock: Clock;
  /** Of the app that a page or a service worker gets which starts now. */
  readonly schema: Schema;
  readonly tabs: readonly Client[];
  /** The throws of the present step. */
  readonly dice: () => Dice;
  newId(): string;
  /** From a page to the service worker, which the browser starts if it must. */
  tell(message: ToServiceWorker, port?: Port | null): void;
  syncEnded(failure: Failure | null): void;
  transport(process: Process, giveWay: AbortSignal): Transport;
  plantedStore(store: SyncStore, process: Process): SyncStore;
  /** Resolves in a later step of the process. */
  pause(owner: Process, label: string): Promise<void>;
}
