/** Starter decks: data of the app itself, loaded when asked for, added in batches so that the screen stays alive. */
import type { DatabaseFailure, LocalDatabase, NewWord } from '../../client/db/api.ts';

export interface Deck {
  readonly title: string;
  readonly native: string;
  readonly target: string;
  readonly source: string;
  readonly licence: string;
  readonly themes: readonly { readonly name: string; readonly words: readonly NewWord[] }[];
}

export interface DeckOffer {
  readonly title: string;
  readonly words: number;
  readonly load: () => Promise<Deck>;
}

/** The deck for a pair of languages, or null. */
export function deckFor(native: string, target: string): DeckOffer | null {
  if (native !== 'en' || target !== 'es') return null;
  return {
    title: 'Everyday Spanish',
    words: 264,
    load: async () => (await import('../features/words/decks/en-es.json')).default,
  };
}

/** Words a mutation. */
const batch = 24;

export interface DeckImportPorts {
  readonly database: LocalDatabase;
  readonly now: () => number;
}

export class DeckImport {
  #state = $state.raw<'idle' | 'running' | 'done' | 'failed'>('idle');
  #added = $state.raw(0);
  #total = $state.raw(0);
  #failure = $state.raw<DatabaseFailure | null>(null);
  readonly #ports: DeckImportPorts;

  constructor(ports: DeckImportPorts) {
    this.#ports = ports;
  }

  get state(): 'idle' | 'running' | 'done' | 'failed' {
    return this.#state;
  }

  get added(): number {
    return this.#added;
  }

  get total(): number {
    return this.#total;
  }

  get failure(): DatabaseFailure | null {
    return this.#failure;
  }

  /** Words that exist already stay as they are, so a second try only adds what is missing. */
  async run(offer: DeckOffer): Promise<void> {
    if (this.#state === 'running') return;
    this.#state = 'running';
    this.#failure = null;
    this.#added = 0;
    this.#total = offer.words;
    const deck = await offer.load();
    const words = deck.themes.flatMap((theme) => theme.words);
    this.#total = words.length;
    const start = this.#ports.now();
    for (let index = 0; index < words.length; index += batch) {
      const part = words.slice(index, index + batch);
      // Cards come for review oldest first: the first theme first.
      const at = start - words.length + index;
      const done = await this.#ports.database.mutate('words.add', { language: deck.target, words: part, at });
      if (!done.ok) {
        this.#failure = done.error;
        this.#state = 'failed';
        return;
      }
      this.#added = index + part.length;
    }
    this.#state = 'done';
  }
}
