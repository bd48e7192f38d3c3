/**
 * The app's database in memory, behind the same contract: for unit tests of the UI and for working on screens. Answers
 * live queries again after every mutation, as the real one does, and can be told to fail.
 */
import { err, ok, type Result } from '../../src/base/result.ts';
import type {
  DatabaseFailure,
  DatabaseState,
  LocalDatabase,
  MutationName,
  Mutations,
  Queries,
  QueryName,
} from '../../src/client/db/api.ts';
import { fakeMutations } from './fake-mutations.ts';
import { fakeQueries } from './fake-queries.ts';
import { FakeRows } from './fake-rows.ts';

type Live = {
  readonly name: QueryName;
  readonly args: Queries[QueryName]['args'];
  readonly onRows: (rows: never[]) => void;
  last: string;
};

export class FakeLocalDatabase extends FakeRows implements LocalDatabase {
  /** Names of the mutations that were asked for, in order. */
  readonly asked: MutationName[] = [];
  /** The failure of the next mutations, until it is null again. */
  failure: DatabaseFailure | null = null;
  #state: DatabaseState = { kind: 'ready', role: 'leader', storage: 'opfs' };
  readonly #stateListeners = new Set<(state: DatabaseState) => void>();
  readonly #live = new Set<Live>();
  readonly #queries = fakeQueries(this);
  readonly #mutations = fakeMutations(this);

  get state(): DatabaseState {
    return this.#state;
  }

  set state(state: DatabaseState) {
    this.#state = state;
    for (const listener of this.#stateListeners) listener(state);
  }

  onState(listener: (state: DatabaseState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  /** How many live queries are open. */
  get liveCount(): number {
    return this.#live.size;
  }

  async query<Q extends QueryName>(
    name: Q,
    args: Queries[Q]['args'],
  ): Promise<Result<Queries[Q]['row'][], DatabaseFailure>> {
    return ok(this.#answer(name, args));
  }

  live<Q extends QueryName>(
    name: Q,
    args: Queries[Q]['args'],
    onRows: (rows: Queries[Q]['row'][]) => void,
  ): () => void {
    const entry: Live = { name, args, onRows, last: '' };
    this.#live.add(entry);
    queueMicrotask(() => this.#push(entry));
    return () => this.#live.delete(entry);
  }

  async mutate<M extends MutationName>(name: M, args: Mutations[M]): Promise<Result<null, DatabaseFailure>> {
    this.asked.push(name);
    if (this.failure !== null) return err(this.failure);
    const failure = (this.#mutations[name] as (args: Mutations[M]) => DatabaseFailure | undefined)(args);
    if (failure) return err(failure);
    this.changed();
    return ok(null);
  }

  changed(): void {
    for (const entry of this.#live) queueMicrotask(() => this.#push(entry));
  }

  #push(entry: Live): void {
    if (!this.#live.has(entry)) return;
    const rows = this.#answer(entry.name, entry.args);
    const text = JSON.stringify(rows);
    if (text === entry.last) return;
    entry.last = text;
    entry.onRows(rows as never);
  }

  #answer<Q extends QueryName>(name: Q, args: Queries[Q]['args']): Queries[Q]['row'][] {
    return (this.#queries[name] as (args: Queries[Q]['args']) => Queries[Q]['row'][])(args);
  }
}
