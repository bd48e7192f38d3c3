/** One device: tabs with their workers, a service worker, one file, a clock that may be wrong, and a person. */
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { MutationName, Mutations } from '../../src/client/db/api.ts';
import type { ToServiceWorker } from '../../src/client/sw-messages.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { Schema } from '../../src/schema/schema.ts';
import { currentSchema } from '../../src/schema/tables.ts';
import type { Clock, SyncStore, Transport } from '../../src/sync/ports.ts';
import type { Direction } from '../../src/sync/report.ts';
import { Channels, Locks, type Port } from './browser.ts';
import type { Dice } from './dice.ts';
import { meetsTheEnd, type Disk, type Files } from './disk.ts';
import type { Host } from './host.ts';
import type { Network } from './network.ts';
import type { Plant } from './plant.ts';
import { openPool } from './pool.ts';
import { DeviceRecord, type RecordCopy } from './record.ts';
import { Process, type Scheduler } from './scheduler.ts';
import type { Server } from './server.ts';
import { ServiceWorker } from './service-worker.ts';
import { Tab } from './tab.ts';
import type { Typed } from './typed.ts';
import type { Verdict } from './verdict.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly disk: Disk;
  readonly sqlite3: Sqlite3Static;
  readonly network: Network;
  readonly server: Server;
  readonly verdict: Verdict;
  readonly typed: Typed;
  readonly plant: Plant;
  /** The throws of the present step. */
  readonly dice: () => Dice;
  readonly trace: (line: string) => void;
  /** The clock shows whole multiples of this, milliseconds. */
  readonly clockStep: number;
}

/** What a backup of a browser's profile holds. */
export interface Profile {
  readonly files: Files;
  readonly record: RecordCopy;
  readonly session: string | null;
  readonly refusesWords: boolean;
}

const refusing = `CREATE TRIGGER refuses BEFORE INSERT ON vocabulary_item WHEN NEW._seq > 0
BEGIN SELECT RAISE(ABORT, 'refused'); END`;

export class Device implements Host {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly disk: Disk;
  readonly sqlite3: Sqlite3Static;
  readonly verdict: Verdict;
  readonly plant: Plant;
  readonly dice: () => Dice;
  readonly browser: Process;
  readonly locks: Locks;
  readonly channels: Channels;
  readonly record: DeviceRecord;
  readonly pool: FileSystemDirectoryHandle;
  readonly clock: Clock;
  schema: Schema = currentSchema;
  /** Device clock minus true time, milliseconds. */
  clockError = 0;
  partitioned = false;
  /** Whose cookie the browser has. */
  session: string | null = null;
  tabs: Tab[] = [];
  /** How the last sync ended; undefined before the first. */
  lastSync: Failure | null | undefined = undefined;
  readonly #options: DeviceOptions;
  #serviceWorker: ServiceWorker | null = null;
  #numbers = 0;
  #refusesWords = false;

  constructor(options: DeviceOptions) {
    const { name, scheduler, disk, sqlite3, verdict, plant, dice, clockStep } = options;
    this.#options = options;
    this.name = name;
    this.scheduler = scheduler;
    this.disk = disk;
    this.sqlite3 = sqlite3;
    this.verdict = verdict;
    this.plant = plant;
    this.dice = dice;
    this.browser = new Process(name);
    this.locks = new Locks(scheduler);
    this.channels = new Channels(scheduler);
    this.record = new DeviceRecord(options);
    this.clock = { now: () => Math.floor((scheduler.now + this.clockError) / clockStep) * clockStep };
    this.pool = openPool({
      disk,
      keepsLog: plant.keepsLog ?? false,
      overlooksLog: plant.overlooksLog ?? false,
      pause: (label) => this.pause(scheduler.running, label),
      meetsTheEnd: () => meetsTheEnd(disk, this.dice()),
      onSwap: () => {
        const image = this.#serviceWorker?.image;
        if (image?.isOpen) this.record.swapped(image.select);
      },
    });
  }

  get serviceWorker(): ServiceWorker | null {
    return this.#serviceWorker;
  }

  newId(): string {
    this.#numbers += 1;
    return `${this.name}-${this.#numbers}`;
  }

  openTab(): void {
    const tab = new Tab(this, `${this.name} page ${this.newId()}`);
    this.tabs.push(tab);
  }

  visibleTab(dice: Dice): Tab | null {
    const visible = this.tabs.filter((tab) => tab.visible);
    return visible.length > 0 ? dice.pick(visible) : null;
  }

  /** There is a newer app: the service worker is replaced at once or when it ends, and a page that is open stays as it is. */
  update(schema: Schema, { atOnce }: { atOnce: boolean }): void {
    this.schema = schema;
    if (atOnce) this.killServiceWorker();
  }

  closeTab(tab: Tab): void {
    tab.kill();
    this.tabs = this.tabs.filter((other) => other !== tab);
  }

  /** From a page to the service worker, which the browser starts if it must. */
  tell(message: ToServiceWorker, port: Port | null = null): void {
    const run = (): void => this.#wake().receive(message, port);
    this.scheduler.post(
      { owner: this.browser, label: `to the service worker: ${message.type}`, run },
      `${this.name} sw`,
    );
  }

  /** The browser's own `sync` event, pages or no pages. */
  wakeToSync(direction: Direction = 'both'): void {
    const run = (): void => this.#wake().sync(direction);
    this.scheduler.post({ owner: this.browser, label: `sync event (${direction})`, run }, `${this.name} sw`);
  }

  killServiceWorker(): void {
    this.#serviceWorker?.kill();
    this.#serviceWorker = null;
  }

  syncEnded(failure: Failure | null): void {
    this.lastSync = failure;
    this.#options.trace(`${this.name} has synced: ${failure?.code ?? 'done'}`);
  }

  transport(process: Process, giveWay: AbortSignal): Transport {
    return this.#options.network.transport(() => this, { process, giveWay });
  }

  plantedStore(store: SyncStore, process: Process): SyncStore {
    return this.plant.store?.(store, () => this.pause(process, 'a planted pause')) ?? store;
  }

  /** Resolves in a later step of the process. */
  pause(owner: Process, label: string): Promise<void> {
    return new Promise((run) => this.scheduler.post({ owner, label, run }));
  }

  /** A person's change in a tab. Once it is said to be stored, what was typed must be known to be (I1). */
  mutate<M extends MutationName>(tab: Tab, name: M, args: Mutations[M]): void {
    // A word that is there already stays as it is.
    const texts = name === 'words.add' ? [] : (JSON.stringify(args).match(/text \d+\./g) ?? []);
    void tab.database.mutate(name, args).then((result) => {
      if (!result.ok) return;
      for (const text of texts) {
        if (!this.#options.typed.has(text)) this.verdict.report('I1', `${this.name}: "${text}" was never committed`);
      }
    });
  }

  /** Everything is killed. False: something is still to be buried, and has the file open. */
  killAll(): boolean {
    for (const tab of [...this.tabs]) this.closeTab(tab);
    this.killServiceWorker();
    this.disk.tear = null;
    return this.disk.openers.size === 0;
  }

  /** The browser's profile as a backup takes it, or null when there is none yet or a torn commit is in the way. */
  backUp(): Profile | null {
    const record = this.record.copy();
    return record && { files: this.disk.read(), record, session: this.session, refusesWords: this.#refusesWords };
  }

  /** A profile is put in the place of this device's own; nothing may be open. */
  restore({ files, record, session, refusesWords }: Profile): void {
    this.disk.write(files);
    this.record.replace(record);
    this.session = session;
    this.#refusesWords = refusesWords;
  }

  /** Whether the table of words takes rows of the server; nothing may be open. */
  get refusesWords(): boolean {
    return this.#refusesWords;
  }

  set refusesWords(refuses: boolean) {
    if (refuses !== this.#refusesWords) this.disk.change(refuses ? refusing : 'DROP TRIGGER IF EXISTS refuses');
    this.#refusesWords = refuses;
  }

  /** Ends everything, for the next run. */
  close(): void {
    this.killAll();
    this.disk.remove();
  }

  #wake(): ServiceWorker {
    const woken = (this.#serviceWorker ??= new ServiceWorker(this, `${this.name} sw ${this.newId()}`));
    // What the event starts is the service worker's, and dies with it.
    this.scheduler.running = woken.process;
    return woken;
  }
}
