/** Whether the database is open, as reactive state. */
import type { DatabaseState, LocalDatabase } from '../../client/db/api.ts';

export class DatabaseStatus {
  #state = $state.raw<DatabaseState>({ kind: 'opening' });
  readonly #database: LocalDatabase;
  #unsubscribe: (() => void) | null = null;

  constructor(database: LocalDatabase) {
    this.#database = database;
    this.#state = database.state;
  }

  get state(): DatabaseState {
    return this.#state;
  }

  open(): void {
    this.#unsubscribe = this.#database.onState((state) => {
      this.#state = state;
    });
    this.#state = this.#database.state;
  }

  close(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
