/**
 * What a page has asked and not been answered: sent again to every new leader, so that no request is lost when the
 * database passes from one tab to another. Mutations are idempotent, so one that was done already does no harm.
 */
import type { DatabaseFailure } from './api.ts';
import type { Request, Response } from './rpc.ts';

/** A request without its number. */
type WithoutId<R> = R extends { readonly id: number } ? Omit<R, 'id'> : never;
export type Question = WithoutId<Extract<Request, { kind: 'query' | 'mutate' | 'subscribe' }>>;

interface Entry {
  readonly request: Request;
  readonly settle: (result: Response['result']) => void;
}

export class RequestTable {
  /** In the order asked, which is the order of sending again. */
  readonly #open = new Map<number, Entry>();
  #last = 0;

  /** Keeps a question until it is answered, a subscription until it is removed. */
  add(question: Question, settle: Entry['settle']): Request {
    this.#last += 1;
    const request = { ...question, id: this.#last } as Request;
    this.#open.set(this.#last, { request, settle });
    return request;
  }

  /** Answers of a request that is no longer open are late duplicates. */
  answer({ id, result }: Response): void {
    const entry = this.#open.get(id);
    if (!entry) return;
    if (entry.request.kind !== 'subscribe') this.#open.delete(id);
    entry.settle(result);
  }

  remove(id: number): void {
    this.#open.delete(id);
  }

  /** Everything that a new leader has to hear. */
  open(): readonly Request[] {
    return [...this.#open.values()].map((entry) => entry.request);
  }

  /** No leader will come: everything open ends, but subscriptions may go on if one comes after all. */
  failAll(failure: DatabaseFailure): void {
    for (const { request } of [...this.#open.values()]) {
      this.answer({ kind: 'response', id: request.id, result: { ok: false, error: failure } });
    }
  }
}
