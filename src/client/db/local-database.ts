/**
 * `LocalDatabase` in the page. Every visible page has a worker of its own that leads or waits for its turn; requests go
 * to whoever leads and are kept until answered, so a hand-over loses none. A hidden page gives the database up.
 */
import { err, type Result } from '../../base/result.ts';
import type { StorePort } from '../sw-messages.ts';
import type {
  DatabaseFailure,
  DatabaseState,
  LocalDatabase,
  MutationName,
  Mutations,
  Queries,
  QueryName,
} from './api.ts';
import type { PageEnvironment } from './page-environment.ts';
import {
  nextLifecycle,
  timeLimits,
  type LifecycleAction,
  type LifecycleEvent,
  type LifecycleState,
} from './page-lifecycle.ts';
import { PageSession } from './page-session.ts';
import { RequestTable, type Question } from './request-table.ts';
import type { Response } from './rpc.ts';

/** A worker that dies so often in a row, answering nothing in between, will go on dying. */
const deathsTolerated = 3;

/** What the rest of the page needs besides the app's view. */
export interface PageDatabase extends LocalDatabase {
  /** Calls back when a person's change, of any tab, waits to be synced; only in the page whose worker leads. */
  onLocalChange(listener: () => void): () => void;
  /** A port on which the worker serves `SyncStore`, for the service worker; null when another tab leads or none does. */
  openStorePort(): StorePort | null;
  /** Ends the worker at once. */
  close(): void;
}

export function createLocalDatabase(environment: PageEnvironment): PageDatabase {
  const database = new WorkerDatabase(environment);
  database.begin();
  return database;
}

class WorkerDatabase implements PageDatabase {
  readonly #environment: PageEnvironment;
  readonly #requests = new RequestTable();
  readonly #stateListeners = new Set<(state: DatabaseState) => void>();
  readonly #changeListeners = new Set<() => void>();
  #state: DatabaseState = { kind: 'opening' };
  #lifecycle: LifecycleState = 'stopped';
  #cancelTimer: () => void = () => undefined;
  #session: PageSession | null = null;
  #deaths = 0;
  #askedToPersist = false;

  constructor(environment: PageEnvironment) {
    this.#environment = environment;
  }

  begin(): void {
    this.#environment.onVisibility((event) => this.#live(event));
    if (this.#environment.isVisible()) this.#live('shown');
    else this.#setState({ kind: 'suspended' });
  }

  get state(): DatabaseState {
    return this.#state;
  }

  onState(listener: (state: DatabaseState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  onLocalChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  openStorePort(): StorePort | null {
    return this.#session?.openStorePort() ?? null;
  }

  async query<Q extends QueryName>(
    name: Q,
    args: Queries[Q]['args'],
  ): Promise<Result<Queries[Q]['row'][], DatabaseFailure>> {
    const result = await this.#ask({ kind: 'query', name, args } as Question);
    return result as Result<Queries[Q]['row'][], DatabaseFailure>;
  }

  async mutate<M extends MutationName>(name: M, args: Mutations[M]): Promise<Result<null, DatabaseFailure>> {
    const result = await this.#ask({ kind: 'mutate', name, args } as Question);
    if (result.ok && !this.#askedToPersist) {
      this.#askedToPersist = true;
      this.#environment.askToPersist();
    }
    return result as Result<null, DatabaseFailure>;
  }

  live<Q extends QueryName>(
    name: Q,
    args: Queries[Q]['args'],
    onRows: (rows: Queries[Q]['row'][]) => void,
    onFailure?: (failure: DatabaseFailure) => void,
  ): () => void {
    const request = this.#requests.add({ kind: 'subscribe', name, args } as Question, (result) => {
      if (result.ok) onRows(result.value as Queries[Q]['row'][]);
      else onFailure?.(result.error);
    });
    this.#session?.send(request);
    return () => {
      this.#requests.remove(request.id);
      this.#session?.send({ kind: 'unsubscribe', id: request.id });
    };
  }

  close(): void {
    this.#live('gone');
  }

  #ask(question: Question): Promise<Response['result']> {
    const end = this.#endFailure();
    if (end) return Promise.resolve(err(end));
    return new Promise((resolve) => {
      const request = this.#requests.add(question, resolve);
      this.#session?.send(request);
    });
  }

  /** Why no leader will come, or null when one will. */
  #endFailure(): DatabaseFailure | null {
    if (this.#state.kind === 'failed') return this.#state.failure;
    if (this.#state.kind === 'outdated') return { code: 'outdated', detail: 'another tab runs another version' };
    return null;
  }

  #live(event: LifecycleEvent): void {
    // There is no way back but a reload.
    if (this.#state.kind === 'outdated') return;
    const { state, actions } = nextLifecycle(this.#lifecycle, event);
    if (state !== this.#lifecycle) {
      this.#lifecycle = state;
      this.#cancelTimer();
      const limit = timeLimits[state];
      this.#cancelTimer =
        limit === undefined ? () => undefined : this.#environment.setTimer(limit, () => this.#live('timeout'));
    }
    for (const action of actions) this.#act(action);
  }

  #act(action: LifecycleAction): void {
    switch (action) {
      case 'start':
        this.#setState({ kind: 'opening' });
        return this.#start();
      case 'ask-to-close':
        if (!this.#session) return this.#live('closed');
        // From here on it answers nothing: what is asked waits for the next session.
        return this.#session.askToClose();
      case 'terminate':
        this.#stop();
        return this.#setState({ kind: 'suspended' });
    }
  }

  #start(): void {
    this.#session = new PageSession(this.#environment, {
      onReady: (leadership) => this.#setState({ kind: 'ready', ...leadership }),
      onLeader: () => {
        for (const request of this.#requests.open()) this.#session?.send(request);
      },
      onResponse: (response) => {
        this.#deaths = 0;
        this.#requests.answer(response);
      },
      onFailed: (failure) => (failure.code === 'outdated' ? this.#outdate() : this.#fail(failure)),
      onOutdated: () => this.#outdate(),
      onClosed: () => this.#live('closed'),
      onDied: () => this.#revive(),
      onLocalChange: () => {
        for (const listener of this.#changeListeners) listener();
      },
    });
  }

  #stop(): void {
    this.#session?.stop();
    this.#session = null;
  }

  #revive(): void {
    if (this.#lifecycle === 'closing' || this.#lifecycle === 'reopening') return this.#live('closed');
    this.#stop();
    this.#deaths += 1;
    if (this.#deaths > deathsTolerated) {
      return this.#fail({ code: 'storage_failed', detail: 'the database worker ends again and again' });
    }
    this.#setState({ kind: 'opening' });
    this.#start();
  }

  /** Until the page is hidden and shown again, which tries anew. */
  #fail(failure: DatabaseFailure): void {
    this.#stop();
    this.#setState({ kind: 'failed', failure });
    this.#requests.failAll(failure);
  }

  #outdate(): void {
    this.#cancelTimer();
    this.#stop();
    this.#setState({ kind: 'outdated' });
    this.#requests.failAll({ code: 'outdated', detail: 'another tab runs another version' });
  }

  #setState(state: DatabaseState): void {
    this.#state = state;
    for (const listener of this.#stateListeners) listener(state);
  }
}
