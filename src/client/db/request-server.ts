/** Answers the requests of all pages from the open database, in the worker that leads. */
import { err, ok, type Result } from '../../base/result.ts';
import type { DatabaseFailure } from './api.ts';
import type { Database } from './database.ts';
import { StorageError } from './driver.ts';
import { LiveQueries } from './live-queries.ts';
import { runMutation } from './mutations/run.ts';
import { planQuery } from './queries.ts';
import type { MutationCall, QueryCall, Request, Response } from './rpc.ts';
import { answerPlan, keepIndexed, type Later } from './search-index.ts';

export interface RequestServerOptions {
  readonly database: Database;
  readonly newId: () => string;
  /** Runs the work soon, after the messages that are waiting now. */
  readonly schedule: (work: () => void, delay?: number) => void;
  readonly later: Later;
  /** A failure that is a bug of ours: told besides being answered. */
  readonly onBug: (error: unknown) => void;
}

type Reply = (response: Response) => void;

export class RequestServer {
  readonly #options: RequestServerOptions;
  readonly #live: LiveQueries;
  /** Unsubscribes by page and request. */
  readonly #subscriptions = new Map<string, Map<number, () => void>>();
  readonly #stopIndexing: () => void;
  #closed = false;

  constructor(options: RequestServerOptions) {
    this.#options = options;
    this.#live = new LiveQueries(options);
    this.#stopIndexing = keepIndexed(options.database, {
      later: options.later,
      onFailure: (error) => this.#failureOf(error),
    });
  }

  handle({ page, request, reply }: { page: string; request: Request; reply: Reply }): void {
    if (this.#closed) return;
    const respond = (result: Response['result']): void => reply({ kind: 'response', id: request.id, result });
    try {
      this.#answer({ page, request, respond });
    } catch (error) {
      respond(err(this.#failureOf(error)));
    }
  }

  /** Nothing is answered from now on: unanswered requests are sent again, to the next leader. */
  close(): void {
    this.#closed = true;
    this.#stopIndexing();
    this.#live.close();
    this.#subscriptions.clear();
  }

  #answer({
    page,
    request,
    respond,
  }: {
    page: string;
    request: Request;
    respond: (result: Response['result']) => void;
  }): void {
    switch (request.kind) {
      case 'query':
        return respond(this.#query(request));
      case 'mutate':
        return void this.#mutate(request).then((result) => {
          if (!this.#closed) respond(result);
        });
      case 'subscribe':
        this.#unsubscribe(page, request.id);
        this.#subscriptionsOf(page).set(request.id, this.#live.subscribe(request, respond));
        return;
      case 'unsubscribe':
        return this.#unsubscribe(page, request.id);
      case 'goodbye':
        for (const id of [...this.#subscriptionsOf(page).keys()]) this.#unsubscribe(page, id);
        this.#subscriptions.delete(page);
    }
  }

  #query({ name, args }: QueryCall): Result<unknown[], DatabaseFailure> {
    return ok(answerPlan(this.#options.database, planQuery(name, args as never)));
  }

  /** Answered when the change is on disk (I1). */
  async #mutate({ name, args }: MutationCall): Promise<Result<null, DatabaseFailure>> {
    const { database, newId } = this.#options;
    try {
      const outcome = runMutation(database, { name, args, newId });
      if (!outcome.ok) return outcome;
      const persisted = await database.driver.persist();
      if (persisted.ok) return ok(null);
      const code = persisted.error.code === 'storage_full' ? 'storage_full' : 'storage_failed';
      return err({ code, detail: persisted.error.detail ?? '' });
    } catch (error) {
      return err(this.#failureOf(error));
    }
  }

  #failureOf(error: unknown): DatabaseFailure {
    if (error instanceof StorageError) return { code: error.code, detail: error.message };
    // A page must not wait for ever because of a bug here.
    this.#options.onBug(error);
    return { code: 'storage_failed', detail: String(error) };
  }

  #subscriptionsOf(page: string): Map<number, () => void> {
    const own = this.#subscriptions.get(page) ?? new Map<number, () => void>();
    this.#subscriptions.set(page, own);
    return own;
  }

  #unsubscribe(page: string, id: number): void {
    const own = this.#subscriptionsOf(page);
    own.get(id)?.();
    own.delete(id);
  }
}
