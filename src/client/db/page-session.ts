/**
 * A page's worker and channel, from when it is shown until it is hidden: finds out who leads, sends requests there, and
 * hands on what comes back. It stops once and is not used again.
 */
import type { StorePort } from '../sw-messages.ts';
import type { DatabaseFailure } from './api.ts';
import type { Channel } from './leader.ts';
import type { PageEnvironment, WorkerLink } from './page-environment.ts';
import { compareVersions, type ChannelMessage, type FromWorker, type Request, type Response } from './rpc.ts';

export interface Leadership {
  readonly role: 'leader' | 'follower';
  readonly storage: 'opfs' | 'indexeddb';
}

export interface SessionEvents {
  /** There is somebody to ask, who has heard nothing yet: a leader, or the own worker that is about to be. */
  onLeader(): void;
  /** The leader has the database open. */
  onReady(leadership: Leadership): void;
  onResponse(response: Response): void;
  onFailed(failure: DatabaseFailure): void;
  onOutdated(): void;
  onClosed(): void;
  /** The worker is gone and nobody told it to go. */
  onDied(): void;
  onLocalChange(): void;
}

export class PageSession {
  readonly #id: string;
  readonly #environment: PageEnvironment;
  readonly #events: SessionEvents;
  readonly #worker: WorkerLink;
  readonly #channel: Channel;
  readonly #stopped = new AbortController();
  /** Whose turn it is: the own worker's, another tab's, or nobody's yet. */
  #leader: string | null = null;
  /** Whether the own worker has the database open. */
  #hasDatabase = false;
  /** The lock that the own worker holds as long as it lives; null before it started. */
  #life: string | null = null;

  constructor(environment: PageEnvironment, events: SessionEvents) {
    this.#environment = environment;
    this.#events = events;
    this.#id = environment.newId();
    this.#worker = environment.openWorker(this.#id);
    this.#worker.onMessage((message) => this.#fromWorker(message));
    this.#worker.onError((detail) => this.#onWorkerError(detail));
    this.#channel = environment.openChannel();
    this.#channel.onMessage((message) => this.#fromChannel(message));
    this.#hello();
  }

  get leads(): boolean {
    return this.#leader === this.#id;
  }

  /** Does nothing while nobody leads: `onLeader` is when everything open has to be sent. */
  send(request: Request): void {
    if (this.#leader === this.#id) this.#worker.post(request);
    else if (this.#leader !== null)
      this.#channel.post({ kind: 'request', leader: this.#leader, page: this.#id, request });
  }

  askToClose(): void {
    this.#worker.post({ kind: 'close' });
  }

  /** A port for the service worker, or null when the data is not here. */
  openStorePort(): StorePort | null {
    if (!this.#hasDatabase || this.#life === null) return null;
    const [ours, port] = this.#environment.createPorts();
    this.#worker.post({ kind: 'store-port' }, [ours]);
    return { port, life: this.#life };
  }

  /** At once: the worker lets its lock and files go as it ends. */
  stop(): void {
    if (this.#stopped.signal.aborted) return;
    if (!this.leads) this.send({ kind: 'goodbye', id: 0 });
    this.#stopped.abort();
    this.#worker.terminate();
    this.#channel.close();
    this.#leader = null;
    this.#hasDatabase = false;
  }

  #hello(): void {
    this.#channel.post({ kind: 'hello', versions: this.#environment.versions });
  }

  #fromWorker(message: FromWorker): void {
    if (this.#stopped.signal.aborted) return;
    switch (message.kind) {
      case 'started':
        this.#life = message.life;
        return void this.#watch(message.life);
      case 'opening':
        return this.#lead();
      case 'leading':
        this.#hasDatabase = true;
        return this.#events.onReady({ role: 'leader', storage: message.storage });
      case 'response':
        return this.#events.onResponse(message);
      case 'failed':
        return this.#events.onFailed(message.failure);
      case 'outdated':
        return this.#events.onOutdated();
      case 'closed':
        return this.#events.onClosed();
      case 'local-change':
        return this.#events.onLocalChange();
    }
  }

  #fromChannel(message: ChannelMessage): void {
    if (this.#stopped.signal.aborted) return;
    const { versions } = this.#environment;
    if (message.kind === 'leader' && message.leader !== this.#id) {
      const order = compareVersions(message.versions, versions);
      if (order === 'same') this.#follow(message.leader, { role: 'follower', storage: message.storage });
      else if (order === 'newer') this.#events.onOutdated();
      else this.#hello();
    } else if (message.kind === 'hello' && !this.leads && compareVersions(message.versions, versions) === 'newer') {
      // A worker that leads hears this itself, and closes the database first.
      this.#events.onOutdated();
    } else if (message.kind === 'response' && message.page === this.#id) {
      this.#events.onResponse(message.response);
    }
  }

  /** Nobody else can lead now, and what is asked meanwhile is answered as soon as the database is open. */
  #lead(): void {
    this.#leader = this.#id;
    this.#events.onLeader();
  }

  /** A leader that only repeats itself, for a page that is new, has heard our requests. */
  #follow(leader: string, leadership: Leadership): void {
    if (this.#leader === leader) return;
    this.#leader = leader;
    this.#events.onReady(leadership);
    this.#events.onLeader();
  }

  /** The worker holds this lock as long as it lives, however it ends. */
  async #watch(life: string): Promise<void> {
    const { signal } = this.#stopped;
    await this.#environment.lockFreed(life, signal);
    if (!signal.aborted) this.#events.onDied();
  }

  #onWorkerError(detail: string): void {
    // Later errors are the worker's own to answer for; without a start nothing ever will.
    if (this.#life === null) this.#events.onFailed({ code: 'storage_failed', detail });
  }
}
