/**
 * The answer of one live query as reactive state. The owner opens and closes it, usually in an `$effect`. Rows stay while
 * another question of the same kind is being answered, so that a list never blinks.
 */
import type { DatabaseFailure, LocalDatabase, Queries, QueryName } from '../../client/db/api.ts';

export class LiveRows<Q extends QueryName> {
  #rows = $state.raw<readonly Queries[Q]['row'][] | null>(null);
  #failure = $state.raw<DatabaseFailure | null>(null);
  readonly #database: LocalDatabase;
  readonly #name: Q;
  #unsubscribe: (() => void) | null = null;

  constructor(database: LocalDatabase, name: Q) {
    this.#database = database;
    this.#name = name;
  }

  /** Null until the first answer. */
  get rows(): readonly Queries[Q]['row'][] | null {
    return this.#rows;
  }

  get first(): Queries[Q]['row'] | null {
    return this.#rows?.[0] ?? null;
  }

  get failure(): DatabaseFailure | null {
    return this.#failure;
  }

  open(args: Queries[Q]['args'], onRows?: (rows: readonly Queries[Q]['row'][]) => void): void {
    this.close();
    this.#unsubscribe = this.#database.live(
      this.#name,
      args,
      (rows) => {
        this.#rows = rows;
        this.#failure = null;
        onRows?.(rows);
      },
      (failure) => {
        this.#failure = failure;
      },
    );
  }

  close(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
