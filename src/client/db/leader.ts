/**
 * The database worker's life: it waits for the Web Lock `lorikeet-db`, opens the database when the lock is its own,
 * answers its page and, over the channel, the pages of other tabs, and lets all go when told to. The lock is requested
 * here and not in the page, so that a worker that is terminated lets it go with its file handles (I8).
 */
import type { Result } from '../../base/result.ts';
import type { DatabaseFailure } from './api.ts';
import type { Database } from './database.ts';
import { RequestServer, type RequestServerOptions } from './request-server.ts';
import {
  compareVersions,
  type ChannelMessage,
  type FromWorker,
  type Request,
  type ToWorker,
  type Versions,
} from './rpc.ts';

export interface OpenedDatabase {
  readonly database: Database;
  readonly storage: 'opfs' | 'indexeddb';
}

/** Holds a Web Lock of that name until the work is done. */
export type WithLock = (name: string, work: () => Promise<void>) => Promise<void>;

export interface Channel {
  post(message: ChannelMessage): void;
  onMessage(listener: (message: ChannelMessage) => void): void;
  close(): void;
}

export interface LeaderOptions extends Omit<RequestServerOptions, 'database'> {
  /** Of this worker, given by its page. */
  readonly id: string;
  readonly versions: Versions;
  readonly lock: string;
  readonly withLock: WithLock;
  readonly openChannel: () => Channel;
  readonly toPage: (message: FromWorker) => void;
  readonly openDatabase: () => Promise<Result<OpenedDatabase, DatabaseFailure>>;
  /** Answers the engine's questions on a port from the open database. */
  readonly serveStore: (port: MessagePort, database: Database) => void;
}

interface Reign {
  readonly opened: OpenedDatabase;
  readonly server: RequestServer;
  readonly channel: Channel;
  readonly storePorts: MessagePort[];
  readonly end: () => void;
}

export class Leader {
  readonly #options: LeaderOptions;
  #reign: Reign | null = null;
  /** What its page asked while the database was opening, in order. */
  readonly #early: Request[] = [];
  #closing = false;

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  /** The first lock is held until the worker ends, however it ends: its page waits for that lock, and so hears of it. */
  async run(): Promise<void> {
    const { id, lock, withLock, toPage } = this.#options;
    const life = `${lock}-life-${id}`;
    void withLock(life, () => {
      toPage({ kind: 'started', life });
      return new Promise<never>(() => undefined);
    });
    await withLock(lock, () => this.#lead());
  }

  /** A message of the own page. */
  receive(message: Exclude<ToWorker, { kind: 'begin' }>, ports: readonly MessagePort[] = []): void {
    if (message.kind === 'close') {
      void this.#stepDown('closed');
    } else if (message.kind === 'store-port') {
      for (const port of ports) this.#serveStore(port);
    } else if (this.#reign) {
      this.#answer(this.#reign, message);
    } else if (!this.#closing) {
      this.#early.push(message);
    }
  }

  #answer({ server }: Reign, request: Request): void {
    const { id, toPage } = this.#options;
    server.handle({ page: id, request, reply: toPage });
  }

  async #lead(): Promise<void> {
    if (this.#isClosing()) return;
    this.#options.toPage({ kind: 'opening' });
    const opened = await this.#options.openDatabase();
    if (!opened.ok) {
      this.#options.toPage({ kind: 'failed', failure: opened.error });
      return;
    }
    if (this.#isClosing()) return opened.value.database.close();
    await new Promise<void>((end) => this.#begin(opened.value, end));
  }

  #begin(opened: OpenedDatabase, end: () => void): void {
    const { toPage, openChannel, newId, schedule, later, onBug } = this.#options;
    const { database, storage } = opened;
    const server = new RequestServer({ database, newId, schedule, later, onBug });
    const channel = openChannel();
    channel.onMessage((message) => this.#hear(message));
    const reign = { opened, server, channel, storePorts: [], end };
    this.#reign = reign;
    database.onCommit((tables, origin) => {
      if (origin === 'local' && tables.has('outbox')) toPage({ kind: 'local-change' });
    });
    // The first screen's rows are on their way before its page has to do with who leads.
    for (const request of this.#early.splice(0)) this.#answer(reign, request);
    toPage({ kind: 'leading', storage });
    this.#announce();
  }

  /** A call, because it may change while something is awaited. */
  #isClosing(): boolean {
    return this.#closing;
  }

  #announce(): void {
    if (!this.#reign) return;
    const { id, versions } = this.#options;
    this.#reign.channel.post({ kind: 'leader', leader: id, versions, storage: this.#reign.opened.storage });
  }

  #hear(message: ChannelMessage): void {
    const { id, versions } = this.#options;
    if (message.kind === 'hello') {
      // An older page learns from the announcement that it is out of date.
      if (compareVersions(message.versions, versions) === 'newer') void this.#stepDown('outdated');
      else this.#announce();
    } else if (message.kind === 'request' && message.leader === id) {
      const { page, request } = message;
      const channel = this.#reign?.channel;
      this.#reign?.server.handle({
        page,
        request,
        reply: (response) => channel?.post({ kind: 'response', page, response }),
      });
    }
  }

  #serveStore(port: MessagePort): void {
    if (!this.#reign) return port.close();
    this.#reign.storePorts.push(port);
    this.#options.serveStore(port, this.#reign.opened.database);
  }

  /** Nobody is answered any more, then the file is closed, then the page hears of it, then the lock goes. */
  async #stepDown(news: 'closed' | 'outdated'): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const reign = this.#reign;
    this.#reign = null;
    if (reign) {
      for (const port of reign.storePorts) port.close();
      reign.server.close();
      reign.channel.close();
      await reign.opened.database.close();
    }
    this.#options.toPage({ kind: news });
    reign?.end();
  }
}
