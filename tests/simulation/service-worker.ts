/**
 * A device's service worker: the product's way to a page (`createPageLink`, `createPortStore`), its direct mode
 * (`createDirectRun`, `openImage`) and its host (`createSyncHost`) with the engine's runner, over a transport of the
 * simulated network. Can be killed between any two steps.
 */
import { createDirectRun, type DirectRun } from '../../src/service-worker/direct-store.ts';
import { createPageLink, type PageLink, type OpenPages } from '../../src/service-worker/page-link.ts';
import { createSyncHost, type SyncHost } from '../../src/service-worker/sync-host.ts';
import { poolFile } from '../../src/client/db/drivers/pool-files.ts';
import type { ToServiceWorker } from '../../src/client/sw-messages.ts';
import type { SyncStore } from '../../src/sync/ports.ts';
import type { Direction } from '../../src/sync/report.ts';
import type { Port } from './browser.ts';
import type { Host } from './host.ts';
import { TrackedSqlite } from './image.ts';
import { Process } from './scheduler.ts';

/** As in service-worker/page-link.ts. */
const openingLimit = 5_000;

export class ServiceWorker {
  readonly process: Process;
  readonly #device: Host;
  readonly #link: PageLink;
  readonly #host: SyncHost;
  readonly #sqlite: TrackedSqlite;
  /** When a page said that it opens the file, while that is still to come. */
  #wantedAt = -Infinity;

  constructor(device: Host, name: string) {
    this.#device = device;
    this.process = new Process(name);
    this.#sqlite = new TrackedSqlite({ sqlite3: device.sqlite3, disk: device.disk, name });
    const link = createPageLink({
      clients: this.#clients(),
      elapsed: () => device.scheduler.now,
      lockFreed: (life) => device.locks.freed(life, this.process),
    });
    this.#link = device.plant.link?.(link) ?? link;
    this.#host = createSyncHost({
      link: this.#link,
      direct: this.#directly(),
      locks: device.locks.managerOf(this.process),
      transport: (giveWay) => device.transport(this.process, giveWay),
      clock: device.clock,
      random: { next: () => device.dice().next() },
      interval: 900_000,
      announce: ({ running, failure }) => {
        if (!running) device.syncEnded(failure);
      },
    });
  }

  /** The image in memory, while it is open. */
  get image(): TrackedSqlite {
    return this.#sqlite;
  }

  receive(message: ToServiceWorker, port: Port | null): void {
    switch (message.type) {
      case 'sync':
        return this.sync(message.direction);
      case 'store-port':
        if (!port) return;
        port.owner = this.process;
        this.#wantedAt = -Infinity;
        return this.#link.connect({ port: port as unknown as MessagePort, life: message.life });
      case 'store-closed':
        return this.#link.disconnect();
      case 'storage-wanted':
        this.#wantedAt = this.#device.scheduler.now;
        return this.#host.giveWay();
      case 'take-over':
        return;
    }
  }

  sync(direction: Direction): void {
    void this.#host.sync(direction);
  }

  kill(): void {
    this.process.alive = false;
    this.#sqlite.abandon();
    this.#device.locks.releaseAll(this.process);
  }

  /** Direct mode, watched: what it opens, what it stores, and that no page has to wait for it. */
  #directly(): DirectRun {
    const device = this.#device;
    const direct = createDirectRun({
      locks: device.plant.withoutLock ? unlocked : device.locks.managerOf(this.process),
      loadSqlite: () => Promise.resolve(this.#sqlite.sqlite3),
      poolDirectory: device.name,
      databasePath: poolFile,
      clock: device.clock,
      newId: () => device.newId(),
      schema: device.schema,
    });
    return async (work) => {
      if (this.#device.scheduler.now - this.#wantedAt < openingLimit)
        device.verdict.report('I8', `${this.process.name} did not wait for a page that opens the file`);
      const outcome = await direct((image) => {
        device.record.opened(this.#sqlite.select, { inMemory: true });
        const watched = device.record.watch(device.plantedStore(image, this.process), { inMemory: true });
        return work(this.#stepped(watched));
      });
      // An image whose log could not be folded in, the disk being full, is left open (openImage).
      this.#sqlite.abandon();
      return outcome;
    };
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
    const matchAll = () => {
      // The page that was about to open the file is gone.
      if (this.#device.tabs.length === 0) this.#wantedAt = -Infinity;
      return Promise.resolve(
        this.#device.tabs.map((tab) => ({
          postMessage: () => {
            const run = (): void => tab.offerStore();
            this.#device.scheduler.post({ owner: tab.page, label: 'store wanted', run });
          },
        })),
      );
    };
    return { matchAll };
  }
}

/** A planted bug: the file is opened whoever has it. */
const unlocked = {
  request: async (_name: string, ...rest: unknown[]) => (rest.at(-1) as (lock: object) => unknown)({}),
} as unknown as LockManager;
