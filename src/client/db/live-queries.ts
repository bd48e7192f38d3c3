/**
 * Queries whose answers are kept up to date: one runs again only when a table it reads was written, and its subscribers
 * hear only when the answer differs. Several commits in one turn cost one run; subscribers of one query share it. While
 * more pages of a load come, there is a pause after each run, so that neither the load nor the page waits for answers that
 * the next page changes again; an edit and the last page are seen at once.
 */
import { err, ok, type Result } from '../../base/result.ts';
import type { DatabaseFailure, Queries, QueryName } from './api.ts';
import type { Database, WriteOrigin } from './database.ts';
import { StorageError } from './driver.ts';
import { planQuery, tablesRead, type QueryPlan } from './queries.ts';
import { answerPlan } from './search-index.ts';

export type LiveAnswer = Result<unknown[], DatabaseFailure>;

export interface LiveQueriesOptions {
  readonly database: Pick<Database, 'read' | 'indexNewRows' | 'onCommit'>;
  /** Runs the work soon, after the messages that are waiting now, or after so many milliseconds. */
  readonly schedule: (work: () => void, delay?: number) => void;
}

/** Milliseconds. */
const pauseInLoad = 250;

interface LiveQuery {
  readonly plan: QueryPlan;
  readonly tables: ReadonlySet<string>;
  readonly subscribers: Set<(answer: LiveAnswer) => void>;
  /** The answer that the subscribers have, and its text for comparing. */
  answer: LiveAnswer;
  text: string;
}

export class LiveQueries {
  readonly #options: LiveQueriesOptions;
  readonly #queries = new Map<string, LiveQuery>();
  readonly #stale = new Set<LiveQuery>();
  readonly #stopListening: () => void;
  #scheduled = false;
  #isPausing = false;

  constructor(options: LiveQueriesOptions) {
    this.#options = options;
    this.#stopListening = options.database.onCommit((...commit) => this.#noteCommit(...commit));
  }

  /** Calls `onAnswer` at once and then whenever the answer changes. Returns the unsubscribe. */
  subscribe<Q extends QueryName>(
    query: { readonly name: Q; readonly args: Queries[Q]['args'] },
    onAnswer: (answer: LiveAnswer) => void,
  ): () => void {
    const key = JSON.stringify([query.name, query.args]);
    const live = this.#queries.get(key) ?? this.#start(key, planQuery(query.name, query.args));
    // One that waits for its next run has an old answer.
    if (this.#stale.delete(live)) this.#refresh(live);
    live.subscribers.add(onAnswer);
    onAnswer(live.answer);
    return () => {
      live.subscribers.delete(onAnswer);
      if (live.subscribers.size > 0 || this.#queries.get(key) !== live) return;
      this.#queries.delete(key);
      this.#stale.delete(live);
    };
  }

  close(): void {
    this.#stopListening();
    this.#queries.clear();
    this.#stale.clear();
  }

  #start(key: string, plan: QueryPlan): LiveQuery {
    const answer = this.#run(plan);
    const live: LiveQuery = {
      plan,
      tables: tablesRead(plan.sql),
      subscribers: new Set(),
      answer,
      text: JSON.stringify(answer),
    };
    this.#queries.set(key, live);
    return live;
  }

  #noteCommit(written: ReadonlySet<string>, origin: WriteOrigin): void {
    for (const live of this.#queries.values()) {
      if ([...written].some((table) => live.tables.has(table))) this.#stale.add(live);
    }
    if (this.#stale.size === 0 || this.#scheduled || (origin === 'load' && this.#isPausing)) return;
    this.#scheduled = true;
    this.#options.schedule(() => {
      this.#scheduled = false;
      this.#refreshStale();
      if (origin === 'load') this.#pause();
    });
  }

  /** What comes of the load meanwhile is seen after it, and then there is another. */
  #pause(): void {
    this.#isPausing = true;
    this.#options.schedule(() => {
      this.#isPausing = false;
      if (this.#stale.size === 0) return;
      this.#refreshStale();
      this.#pause();
    }, pauseInLoad);
  }

  #refreshStale(): void {
    const stale = [...this.#stale];
    this.#stale.clear();
    for (const live of stale) this.#refresh(live);
  }

  #refresh(live: LiveQuery): void {
    const answer = this.#run(live.plan);
    const text = JSON.stringify(answer);
    if (text === live.text) return;
    live.answer = answer;
    live.text = text;
    for (const onAnswer of live.subscribers) onAnswer(answer);
  }

  #run(plan: QueryPlan): LiveAnswer {
    try {
      return ok(answerPlan(this.#options.database, plan));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return err({ code: error.code, detail: error.message });
    }
  }
}
