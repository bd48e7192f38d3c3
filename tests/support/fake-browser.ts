/**
 * Tabs of one browser in Node: Web Locks, the channel between tabs, workers that can be killed at any message, and pages
 * that are shown, hidden and frozen. The workers are the real leader on a real SQLite file.
 */
import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ok, type Result } from '../../src/base/result.ts';
import type { DatabaseFailure } from '../../src/client/db/api.ts';
import { Database } from '../../src/client/db/database.ts';
import type { Driver } from '../../src/client/db/driver.ts';
import { Leader, type Channel, type OpenedDatabase, type WithLock } from '../../src/client/db/leader.ts';
import { createLocalDatabase, type PageDatabase } from '../../src/client/db/local-database.ts';
import type { PageEnvironment, VisibilityEvent, WorkerLink } from '../../src/client/db/page-environment.ts';
import {
  ownVersions,
  type ChannelMessage,
  type FromWorker,
  type ToWorker,
  type Versions,
} from '../../src/client/db/rpc.ts';
import { openNodeDriver } from './node-driver.ts';

const lockName = 'lorikeet-db';

export interface FakePage {
  readonly database: PageDatabase;
  readonly environment: FakeEnvironment;
}

export class FakeBrowser {
  readonly locks = new FakeLocks();
  readonly channels = new Set<FakeChannel>();
  readonly workers: FakeWorker[] = [];
  /** Stands in for opening: a failure, or null to open the file. */
  openFailure: DatabaseFailure | null = null;
  /** Sees every message of a worker to its page before it is delivered; a worker killed here delivers it no more. */
  onDelivery: (worker: FakeWorker, message: FromWorker) => void = () => undefined;
  #ids = 0;
  readonly #directory: string;
  readonly #pages: PageDatabase[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async start(): Promise<FakeBrowser> {
    return new FakeBrowser(await mkdtemp(path.join(tmpdir(), 'lorikeet-tabs-')));
  }

  openPage({ visible = true, versions = ownVersions }: { visible?: boolean; versions?: Versions } = {}): FakePage {
    const environment = new FakeEnvironment(this, { visible, versions });
    const database = createLocalDatabase(environment);
    this.#pages.push(database);
    return { database, environment };
  }

  newId(): string {
    this.#ids += 1;
    return `id-${String(this.#ids)}`;
  }

  openFile(): Driver {
    return openNodeDriver(path.join(this.#directory, 'lorikeet.db'));
  }

  /** How many workers have the database open. */
  get leaders(): number {
    return this.workers.filter((worker) => worker.hasDatabase).length;
  }

  async close(): Promise<void> {
    for (const page of this.#pages) page.close();
    await rm(this.#directory, { recursive: true });
  }
}

class FakeLocks {
  readonly #queues = new Map<string, { readonly owner: string; readonly grant: () => void }[]>();

  /** Resolves with the lock's release when it is granted; the first of a queue has the lock. */
  acquire(name: string, owner: string): Promise<() => void> {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return new Promise((resolve) => {
      const entry = { owner, grant: () => resolve(() => this.#remove(name, entry)) };
      queue.push(entry);
      if (queue[0] === entry) entry.grant();
    });
  }

  releaseAll(owner: string): void {
    for (const [name, queue] of this.#queues) {
      for (const entry of queue.filter((waiting) => waiting.owner === owner)) this.#remove(name, entry);
    }
  }

  #remove(name: string, entry: { readonly grant: () => void }): void {
    const queue = this.#queues.get(name) ?? [];
    const at = queue.findIndex((waiting) => waiting === entry);
    if (at < 0) return;
    queue.splice(at, 1);
    if (at === 0) queue[0]?.grant();
  }
}

class FakeChannel implements Channel {
  readonly #browser: FakeBrowser;
  #listener: (message: ChannelMessage) => void = () => undefined;

  constructor(browser: FakeBrowser) {
    this.#browser = browser;
    browser.channels.add(this);
  }

  post(message: ChannelMessage): void {
    const copy = structuredClone(message);
    for (const channel of this.#browser.channels) {
      if (channel !== this) soon(() => channel.#receive(copy));
    }
  }

  onMessage(listener: (message: ChannelMessage) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#browser.channels.delete(this);
  }

  #receive(message: ChannelMessage): void {
    if (this.#browser.channels.has(this)) this.#listener(message);
  }
}

export class FakeWorker implements WorkerLink {
  readonly id: string;
  readonly #browser: FakeBrowser;
  readonly #leader: Leader;
  readonly #channels: Channel[] = [];
  #driver: Driver | null = null;
  #alive = true;
  #listener: (message: FromWorker) => void = () => undefined;
  #errorListener: (detail: string) => void = () => undefined;

  constructor(browser: FakeBrowser, { id, versions }: { id: string; versions: Versions }) {
    this.id = id;
    this.#browser = browser;
    const withLock: WithLock = async (name, work) => {
      const release = await browser.locks.acquire(name, id);
      if (this.#alive) await work();
      release();
    };
    this.#leader = new Leader({
      id,
      versions,
      lock: lockName,
      withLock,
      openChannel: () => this.#openChannel(),
      toPage: (message) => this.#deliver(message),
      openDatabase: () => this.#open(),
      serveStore: () => undefined,
      newId: () => browser.newId(),
      schedule: soon,
      // Never quiet: a search has to find all the same.
      later: () => () => undefined,
      onBug: (error) => {
        throw error;
      },
    });
    soon(() => void this.#leader.run());
  }

  get hasDatabase(): boolean {
    return this.#driver !== null;
  }

  post(message: ToWorker, transfer: readonly MessagePort[] = []): void {
    const copy = structuredClone(message);
    soon(() => {
      if (this.#alive && copy.kind !== 'begin') this.#leader.receive(copy, transfer);
    });
  }

  onMessage(listener: (message: FromWorker) => void): void {
    this.#listener = listener;
  }

  onError(listener: (detail: string) => void): void {
    this.#errorListener = listener;
  }

  /** The script did not load. */
  failToLoad(): void {
    this.terminate();
    this.#errorListener('not found');
  }

  /** As by the page, and as by a crash: nothing more is said, an open transaction is undone, locks go. */
  terminate(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const channel of this.#channels) channel.close();
    void this.#driver?.close();
    this.#driver = null;
    this.#browser.locks.releaseAll(this.id);
  }

  #openChannel(): Channel {
    const channel = new FakeChannel(this.#browser);
    this.#channels.push(channel);
    return channel;
  }

  #deliver(message: FromWorker): void {
    const copy = structuredClone(message);
    this.#browser.onDelivery(this, copy);
    // What was posted before its death still arrives.
    if (this.#alive) soon(() => this.#listener(copy));
  }

  async #open(): Promise<Result<OpenedDatabase, DatabaseFailure>> {
    // Long enough for a message to the page and one back.
    for (let task = 0; task < 4; task += 1) await new Promise<void>(soon);
    // What has ended runs no further.
    if (!this.#alive) return new Promise(() => undefined);
    const { openFailure } = this.#browser;
    if (openFailure) return { ok: false, error: openFailure };
    if (this.#browser.leaders > 0) throw new Error('two workers have the database open');
    const file = this.#browser.openFile();
    this.#driver = {
      ...file,
      close: () => {
        this.#driver = null;
        return file.close();
      },
    };
    const opened = Database.open({
      driver: this.#driver,
      clock: { now: () => Date.now() },
      newId: () => this.#browser.newId(),
    });
    if (!opened.ok) throw new Error('the file is newer than the app');
    return ok({ database: opened.value, storage: 'opfs' });
  }
}

class FakeEnvironment implements PageEnvironment {
  readonly versions: Versions;
  readonly #browser: FakeBrowser;
  #visible: boolean;
  #listener: (event: VisibilityEvent) => void = () => undefined;
  readonly #timers = new Map<object, () => void>();
  /** The page's workers, the last one being the present. */
  readonly workers: FakeWorker[] = [];
  persistAsked = 0;

  constructor(browser: FakeBrowser, { visible, versions }: { visible: boolean; versions: Versions }) {
    this.#browser = browser;
    this.#visible = visible;
    this.versions = versions;
  }

  openWorker(id: string): FakeWorker {
    const worker = new FakeWorker(this.#browser, { id, versions: this.versions });
    this.workers.push(worker);
    this.#browser.workers.push(worker);
    return worker;
  }

  openChannel(): Channel {
    return new FakeChannel(this.#browser);
  }

  async lockFreed(name: string): Promise<void> {
    const release = await this.#browser.locks.acquire(name, `watch-${name}`);
    release();
  }

  isVisible(): boolean {
    return this.#visible;
  }

  onVisibility(listener: (event: VisibilityEvent) => void): void {
    this.#listener = listener;
  }

  setTimer(_milliseconds: number, work: () => void): () => void {
    const timer = {};
    this.#timers.set(timer, work);
    return () => this.#timers.delete(timer);
  }

  newId(): string {
    return this.#browser.newId();
  }

  createPorts(): readonly [MessagePort, MessagePort] {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  }

  askToPersist(): void {
    this.persistAsked += 1;
  }

  become(event: VisibilityEvent): void {
    this.#visible = event === 'shown';
    this.#listener(event);
  }

  /** As if the page's time had passed. */
  passTime(): void {
    const due = [...this.#timers.values()];
    this.#timers.clear();
    for (const work of due) work();
  }
}

/** A task of its own, like a message. */
function soon(work: () => void): void {
  setImmediate(work);
}
