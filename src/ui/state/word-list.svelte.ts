/**
 * A list of words of any length, of which only the part in view is asked for: blocks around it, as one live query.
 * A row that is not here yet is undefined, and the screen shows a placeholder of the same height.
 */
import type { DatabaseFailure, LocalDatabase, WordRow } from '../../client/db/api.ts';
import { LiveRows } from './live-rows.svelte.ts';

/** Rows a block; three blocks are held: the one in view and its neighbours. */
const blockSize = 60;

interface Part {
  readonly search: string;
  readonly offset: number;
  readonly rows: readonly WordRow[];
}

export class WordList {
  #search = $state.raw('');
  #part = $state.raw<Part | null>(null);
  readonly #count: LiveRows<'words.count'>;
  readonly #rows: LiveRows<'words.list'>;
  #open: { readonly search: string; readonly offset: number; readonly limit: number } | null = null;
  /** The search whose rows are counted. */
  #counted: string | null = null;

  constructor(database: LocalDatabase) {
    this.#count = new LiveRows(database, 'words.count');
    this.#rows = new LiveRows(database, 'words.list');
  }

  get search(): string {
    return this.#search;
  }

  /** Null until the database answered. */
  get total(): number | null {
    return this.#count.first?.total ?? null;
  }

  /** As many as are known to be there: before they are counted, the rows that came. Null until either is here. */
  get known(): number | null {
    return this.total ?? (this.settled ? this.#part!.offset + this.#part!.rows.length : null);
  }

  get failure(): DatabaseFailure | null {
    return this.#rows.failure ?? this.#count.failure;
  }

  /** Whether the rows are those of the present search. */
  get settled(): boolean {
    return this.#part !== null && this.#part.search === this.#search;
  }

  row(index: number): WordRow | undefined {
    return this.#part === null ? undefined : this.#part.rows[index - this.#part.offset];
  }

  open(): void {
    this.find('');
  }

  find(search: string): void {
    this.#search = search;
    this.#open = null;
    this.#ask(search, { first: 0, last: 0 });
  }

  /** Tells which rows are in view. */
  show(first: number, last: number): void {
    this.#ask(this.#search, { first, last });
  }

  /** Reads no reactive state: an effect that opens the list must not depend on what is searched. */
  #ask(search: string, { first, last }: { readonly first: number; readonly last: number }): void {
    const offset = Math.max(0, (Math.floor(first / blockSize) - 1) * blockSize);
    const limit = (Math.floor(last / blockSize) + 2) * blockSize - offset;
    if (this.#open?.search === search && this.#open.offset === offset && this.#open.limit === limit) return;
    this.#open = { search, offset, limit };
    this.#rows.open({ search, limit, offset }, (rows) => {
      this.#part = { search, offset, rows };
      this.#countOnce(search);
    });
  }

  /** Counting reads every word: it waits until the rows are on the screen's way. */
  #countOnce(search: string): void {
    if (this.#counted === search) return;
    this.#counted = search;
    this.#count.open({ search });
  }

  close(): void {
    this.#count.close();
    this.#rows.close();
    this.#counted = null;
    this.#open = null;
  }
}
