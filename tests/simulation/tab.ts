/**
 * One tab of a device: the product's page side (`createLocalDatabase`) with its database worker (`Leader`) on the device's
 * file, and what the page says to the service worker (client/adapters/sync-control.ts).
 */
import { err, ok, type Result } from '../../src/base/result.ts';
import { serveStore } from '../../src/client/adapters/store-over-port.ts';
import type { DatabaseFailure } from '../../src/client/db/api.ts';
import { Database } from '../../src/client/db/database.ts';
import { StorageError } from '../../src/client/db/driver.ts';
import { Leader, type Channel, type OpenedDatabase } from '../../src/client/db/leader.ts';
import { createLocalDatabase, type PageDatabase } from '../../src/client/db/local-database.ts';
import type { PageEnvironment, VisibilityEvent, WorkerLink } from '../../src/client/db/page-environment.ts';
import { rpcVersion, type FromWorker, type ToWorker, type Versions } from '../../src/client/db/rpc.ts';
import type { Schema } from '../../src/schema/schema.ts';
import { createSyncStore } from '../../src/client/db/sync-store.ts';
import { databaseLock } from '../../src/client/sw-messages.ts';
import { Port } from './browser.ts';
import { Connection } from './connection.ts';
import type { Host } from './host.ts';
import { Process } from './scheduler.ts';

export class Tab {
  readonly page: Process;
  readonly database: PageDatabase;
  readonly #device: Host;
  readonly #environment: TabEnvironment;

  constructor(device: Host, name: string) {
    this.#device = device;
    this.page = new Process(name);
    this.#environment = new TabEnvironment(device, this.page);
    this.database = createLocalDatabase(this.#environment);
    device.tell({ type: 'storage-wanted' });
    this.database.onState((state) => {
      const leads = state.kind === 'ready' && state.role === 'leader';
      if (state.kind === 'opening') device.tell({ type: 'storage-wanted' });
      if (leads) this.offerStore();
      else device.tell({ type: 'store-closed' });
      if (state.kind === 'ready') device.tell({ type: 'sync', direction: 'both' });
    });
    this.database.onLocalChange(() => device.tell({ type: 'sync', direction: 'both' }));
  }

  get visible(): boolean {
    return this.#environment.isVisible();
  }

  get worker(): DatabaseWorker | null {
    return this.#environment.worker;
  }

  /** Asked by the service worker, or leading anew. */
  offerStore(): void {
    const offer = this.page.alive ? this.database.openStorePort() : null;
    if (offer) this.#device.tell({ type: 'store-port', life: offer.life }, offer.port as unknown as Port);
  }

  become(event: VisibilityEvent): void {
    this.#environment.become(event);
  }

  /** The page is gone, and its worker with it. */
  kill(): void {
    this.page.alive = false;
    this.worker?.terminate();
    this.#device.locks.releaseAll(this.page);
  }
}

class TabEnvironment implements PageEnvironment {
  readonly versions: Versions;
  readonly #schema: Schema;
  worker: DatabaseWorker | null = null;
  readonly #device: Host;
  readonly #page: Process;
  #visible = true;
  #listener: (event: VisibilityEvent) => void = () => undefined;

  constructor(device: Host, page: Process) {
    this.#device = device;
    this.#page = page;
    this.#schema = device.schema;
    this.versions = { rpc: rpcVersion, schema: device.schema.version };
  }

  openWorker(id: string): WorkerLink {
    this.worker = new DatabaseWorker(this.#device, { id, page: this.#page, schema: this.#schema });
    return this.worker;
  }

  openChannel(): Channel {
    return this.#device.channels.open(this.#page);
  }

  lockFreed(name: string): Promise<void> {
    return this.#device.locks.freed(name, this.#page);
  }

  isVisible(): boolean {
    return this.#visible;
  }

  onVisibility(listener: (event: VisibilityEvent) => void): void {
    this.#listener = listener;
  }

  setTimer(milliseconds: number, run: () => void): () => void {
    return this.#device.scheduler.after(milliseconds, { owner: this.#page, label: 'lifecycle timer', run });
  }

  newId(): string {
    return this.#device.newId();
  }

  createPorts(): readonly [MessagePort, MessagePort] {
    const ports = Port.pair(this.#device.scheduler, { owner: this.#page, name: this.#device.newId() });
    return ports as unknown as readonly [MessagePort, MessagePort];
  }

  askToPersist(): void {
    return;
  }

  become(event: VisibilityEvent): void {
    this.#visible = event === 'shown';
    this.#listener(event);
  }
}

export class DatabaseWorker implements WorkerLink {
  readonly process: Process;
  readonly #device: Host;
  readonly #page: Process;
  readonly #leader: Leader;
  readonly #lane: string;
  readonly #schema: Schema;
  #connection: Connection | null = null;
  #database: Database | null = null;
  #listener: (message: FromWorker) => void = () => undefined;

  constructor(device: Host, { id, page, schema }: { id: string; page: Process; schema: Schema }) {
    this.#device = device;
    this.#schema = schema;
    this.#page = page;
    this.process = new Process(`${page.name} worker ${id}`);
    this.#lane = `worker ${device.name} ${id}`;
    this.#leader = new Leader({
      id,
      versions: { rpc: rpcVersion, schema: schema.version },
      lock: databaseLock,
      withLock: async (name, work) => {
        const release = await device.locks.acquire(name, this.process);
        await work();
        release();
      },
      openChannel: () => device.channels.open(this.process),
      toPage: (message) => this.#tellPage(message),
      openDatabase: () => this.#open(),
      serveStore: (port, database) => this.#serve(port as unknown as Port, database),
      newId: () => device.newId(),
      schedule: (run) => device.scheduler.post({ owner: this.process, label: 'scheduled work', run }, this.#lane),
      later: (run) => device.scheduler.after(250, { owner: this.process, label: 'a quiet moment', run }),
      onBug: (error) => device.verdict.report('bug', String(error)),
    });
    const run = (): void => void this.#leader.run();
    device.scheduler.post({ owner: this.process, label: 'starts', run }, this.#lane);
  }

  /** Whether a transaction is open: never between two steps (I9). */
  get inTransaction(): boolean {
    return this.#connection?.inTransaction ?? false;
  }

  get hasDatabase(): boolean {
    return this.process.alive && this.#connection !== null;
  }

  /** Gives a word a colour, which the newer app knows; false: there is no such word here. */
  paint(at: number, colour: string): boolean {
    if (!this.hasDatabase || !this.#knowsColours) return false;
    const painted = `UPDATE vocabulary_item SET colour = ? WHERE id = (SELECT id FROM vocabulary_item ORDER BY id LIMIT 1 OFFSET ?)`;
    try {
      return this.#database!.write((sql) => sql.run(painted, [colour, at])) > 0;
    } catch (cause) {
      if (!(cause instanceof StorageError)) throw cause;
      return false;
    }
  }

  /** Null: the app does not know any. */
  get colours(): string | null {
    const select = this.hasDatabase && this.#knowsColours ? this.#connection!.select : null;
    return select && JSON.stringify(select('SELECT id, colour FROM vocabulary_item ORDER BY id'));
  }

  get #knowsColours(): boolean {
    return this.#database?.schema.columnsOf('vocabulary_item').includes('colour') ?? false;
  }

  post(message: ToWorker, transfer: readonly MessagePort[] = []): void {
    if (message.kind === 'begin') return;
    const copy = structuredClone(message);
    for (const port of transfer) (port as unknown as Port).owner = this.process;
    const run = (): void => this.#leader.receive(copy, transfer);
    const label = 'name' in copy ? `${copy.kind} ${copy.name}` : copy.kind;
    this.#device.scheduler.post({ owner: this.process, label, run }, this.#lane);
  }

  onMessage(listener: (message: FromWorker) => void): void {
    this.#listener = listener;
  }

  onError(): void {
    return;
  }

  /** As by the page and as by a crash: nothing more is said, an open transaction is lost, locks go. */
  terminate(): void {
    if (!this.process.alive) return;
    this.process.alive = false;
    this.#connection?.kill();
    this.#connection = null;
    this.#device.locks.releaseAll(this.process);
  }

  #tellPage(message: FromWorker): void {
    const copy = structuredClone(message);
    if (!this.process.alive) return;
    const run = (): void => this.#listener(copy);
    const detail =
      copy.kind === 'response' ? `${copy.kind} ${copy.result.ok ? 'ok' : copy.result.error.code}` : copy.kind;
    this.#device.scheduler.post({ owner: this.#page, label: `from worker: ${detail}`, run }, `${this.#lane} >`);
  }

  #open(): Promise<Result<OpenedDatabase, DatabaseFailure>> {
    const { disk, record, verdict, scheduler, plant } = this.#device;
    const name = this.process.name;
    const connection = new Connection({
      disk,
      name,
      verdict,
      dice: () => this.#device.dice(),
      rewrite: plant.sql,
      onTorn: () => {
        record.interrupted();
        this.process.alive = false;
        scheduler.post({
          owner: this.#device.browser,
          label: `${name} was killed while committing`,
          run: () => this.#bury(),
        });
      },
    });
    this.#connection = connection;
    return this.#openOn(connection);
  }

  /** As client/db/open-database.ts does. */
  async #openOn(connection: Connection): Promise<Result<OpenedDatabase, DatabaseFailure>> {
    const { record, clock } = this.#device;
    try {
      const opened = Database.open({
        driver: connection,
        clock,
        newId: () => this.#device.newId(),
        schema: this.#schema,
      });
      if (!opened.ok) {
        await connection.close();
        this.#connection = null;
        return err({ code: 'outdated', detail: 'the file is newer than the app' });
      }
      this.#database = opened.value;
      record.opened(connection.select);
      opened.value.onCommit((_, origin) => record.committed(origin === 'local' ? 'local' : 'sync', connection.select));
      return ok({ database: opened.value, storage: 'opfs' });
    } catch (cause) {
      if (!(cause instanceof StorageError)) throw cause;
      if (!this.process.alive) return new Promise(() => undefined);
      await connection.close();
      this.#connection = null;
      return err({ code: cause.code, detail: cause.message });
    }
  }

  /** The files and locks of a worker that a torn commit killed. */
  #bury(): void {
    this.#connection?.kill();
    this.#connection = null;
    this.#device.locks.releaseAll(this.process);
  }

  #serve(port: Port, database: Database): void {
    const store = this.#device.plantedStore(createSyncStore(database), this.process);
    serveStore(port as unknown as MessagePort, this.#device.record.watch(store, { inMemory: false }));
  }
}
