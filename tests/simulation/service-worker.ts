/**
 * A device's service worker: the product's way to a page (`createPageLink`, `createPortStore`), its direct mode
 * (`createDirectRun`, `openImage`) and the engine's runner. Its host goes the way of service-worker/sync-host.ts with a
 * transport of the simulated network in the place of `fetch`. Can be killed between any two steps.
 */
import { readAhead } from '../../src/client/adapters/read-ahead.ts';
import { createDirectRun, type DirectRun } from '../../src/service-worker/direct-store.ts';
import { createPageLink, type PageLink, type OpenPages } from '../../src/service-worker/page-link.ts';
import { poolFile } from '../../src/client/db/drivers/pool-files.ts';
import { syncLock, type ToServiceWorker } from '../../src/client/sw-messages.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { Outcome } from '../../src/sync/machine.ts';
import type { SyncStore } from '../../src/sync/ports.ts';
import type { Direction } from '../../src/sync/report.ts';
import { createRunner } from '../../src/sync/runner.ts';
import type { Port } from './browser.ts';
import type { Host } from './host.ts';
import { TrackedSqlite } from './image.ts';
import { Process } from './scheduler.ts';

/** As in service-worker/sync-host.ts. */
const tries = 4;
const pauseBetweenTries = 1_000;

export class ServiceWorker {
  readonly process: Process;
  readonly #device: Host;
  readonly #link: PageLink;
  readonly #direct: DirectRun;
  readonly #sqlite: TrackedSqlite;
  readonly #locks: LockManager;
  #giveWay = new AbortController();
  #running: Promise<Failure | null> | null = null;
  #queued: Direction | null = null;

  constructor(device: Host, name: string) {
    this.#device = device;
    this.process = new Process(name);
    this.#locks = device.locks.managerOf(this.process);
    this.#sqlite = new TrackedSqlite({ sqlite3: device.sqlite3, disk: device.disk, name });
    this.#link = createPageLink({ clients: this.#clients(), elapsed: () => device.scheduler.now });
    this.#direct = createDirectRun({
      locks: device.plant.withoutLock ? unlocked : this.#locks,
      loadSqlite: () => Promise.resolve(this.#sqlite.sqlite3),
      poolDirectory: device.name,
      databasePath: poolFile,
      clock: device.clock,
      newId: () => device.newId(),
      schema: device.schema,
    });
  }

  get isSyncing(): boolean {
    return this.#running !== null;
  }

  /** The image in memory, while it is open. */
  get image(): TrackedSqlite {
    return this.#sqlite;
  }

  receive(message: ToServiceWorker, port: Port | null): void {
    switch (message.type) {
      case 'sync':
        return void this.sync(message.direction);
      case 'store-port':
        if (!port) return;
        port.owner = this.process;
        return this.#link.connect(port as unknown as MessagePort);
      case 'store-closed':
        return this.#link.disconnect();
      case 'storage-wanted':
        return this.#giveWay.abort();
      case 'take-over':
        return;
    }
  }

  sync(direction: Direction): Promise<Failure | null> {
    if (this.#running) {
      this.#queued = this.#queued === null || this.#queued === direction ? direction : 'both';
      return this.#running;
    }
    this.#running = this.#loop(direction).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  kill(): void {
    this.process.alive = false;
    this.#sqlite.abandon();
    this.#device.locks.releaseAll(this.process);
  }

  async #loop(first: Direction): Promise<Failure | null> {
    let failure = await this.#run(first);
    while (this.#queued) {
      const next = this.#queued;
      this.#queued = null;
      failure = await this.#run(next);
    }
    return failure;
  }

  async #run(direction: Direction): Promise<Failure | null> {
    const failure = await this.#locks.request(syncLock, () => this.#session(direction));
    this.#device.syncEnded(failure);
    return failure;
  }

  async #session(direction: Direction): Promise<Failure | null> {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const ended = await this.#once(direction);
      if (ended && 'code' in ended) return ended;
      if (ended?.kind === 'no-account') return null;
      if (ended?.kind === 'done') return ended.report.error;
      if (attempt < tries) await this.#link.portWithin(pauseBetweenTries);
    }
    return { code: 'storage_busy' };
  }

  async #once(direction: Direction): Promise<Outcome | Failure | null> {
    const store = await this.#link.store();
    if (store) {
      const outcome = await this.#runOn(store, { signal: new AbortController().signal, direction });
      if (outcome.kind !== 'gave-way') this.#link.confirm();
      return outcome;
    }
    this.#giveWay = new AbortController();
    const outcome = await this.#direct((image) => {
      const { record } = this.#device;
      record.opened(this.#sqlite.select, { inMemory: true });
      const watched = record.watch(this.#device.plantedStore(image, this.process), { inMemory: true });
      return this.#runOn(this.#stepped(watched), { signal: this.#giveWay.signal, direction });
    });
    // An image whose log could not be folded in, the disk being full, is left open (openImage).
    this.#sqlite.abandon();
    return outcome;
  }

  #runOn(store: SyncStore, { signal, direction }: { signal: AbortSignal; direction: Direction }): Promise<Outcome> {
    const { clock } = this.#device;
    return createRunner({
      store,
      transport: readAhead(this.#device.transport(this.process, signal)),
      clock,
      random: { next: () => this.#device.dice().next() },
      interval: 900_000,
    }).sync(direction);
  }

  /** Each call a step of its own, as it is over a port. */
  #stepped(store: SyncStore): SyncStore {
    const pause = (label: string): Promise<void> => this.#device.pause(this.process, label);
    return {
      gather: (direction) => pause('direct: gather').then(() => store.gather(direction)),
      apply: (sent, reply) => pause('direct: apply').then(() => store.apply(sent, reply)),
      correctClock: (serverTime) => pause('direct: correct the clock').then(() => store.correctClock(serverTime)),
      setAside: (sent, refusal) => pause('direct: set aside').then(() => store.setAside(sent, refusal)),
      takeNewId: () => pause('direct: take a new id').then(() => store.takeNewId()),
      beginReload: (reload) => pause('direct: begin a reload').then(() => store.beginReload(reload)),
      record: (report, next) => pause('direct: record').then(() => store.record(report, next)),
    };
  }

  #clients(): OpenPages {
    const matchAll = () =>
      Promise.resolve(
        this.#device.tabs.map((tab) => ({
          postMessage: () => {
            const run = (): void => tab.offerStore();
            this.#device.scheduler.post({ owner: tab.page, label: 'store wanted', run });
          },
        })),
      );
    return { matchAll };
  }
}

/** A planted bug: the file is opened whoever has it. */
const unlocked = {
  request: async (_name: string, ...rest: unknown[]) => (rest.at(-1) as (lock: object) => unknown)({}),
} as unknown as LockManager;
