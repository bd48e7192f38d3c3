/** A list that the server keeps, asked for when it is shown and again after each change. */
import type { Result } from '../../base/result.ts';
import type { Failure } from '../../protocol/errors.ts';

export class ServerList<Item> {
  #items = $state.raw<readonly Item[] | null>(null);
  #failure = $state.raw<Failure | null>(null);
  #busy = $state.raw(false);
  readonly #ask: () => Promise<Result<readonly Item[], Failure>>;

  constructor(ask: () => Promise<Result<readonly Item[], Failure>>) {
    this.#ask = ask;
  }

  /** Null until the first answer. */
  get items(): readonly Item[] | null {
    return this.#items;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  get busy(): boolean {
    return this.#busy;
  }

  async load(): Promise<void> {
    const listed = await this.#ask();
    if (listed.ok) this.#items = listed.value;
    this.#failure = listed.ok ? null : listed.error;
  }

  /** True when the change was made; the list is then the new one. */
  async change(work: () => Promise<Result<null, Failure>>): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    try {
      const done = await work();
      if (done.ok) await this.load();
      else this.#failure = done.error;
      return done.ok;
    } finally {
      this.#busy = false;
    }
  }
}
