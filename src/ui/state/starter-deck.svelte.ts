/** The offer of the starter deck: when it is made, and what became of it. */
import { presentDatabaseFailure } from '../error-presentation.ts';
import type { AppContext } from './context.ts';
import { deckFor } from './decks.svelte.ts';

/** With this many words of one's own, the offer would be in the way. */
const enoughWords = 40;

type DeckPorts = Pick<AppContext, 'profile' | 'summary' | 'deckImport' | 'toasts'>;

export class StarterDeck {
  readonly #ports: DeckPorts;

  constructor(ports: DeckPorts) {
    this.#ports = ports;
  }

  get #offer() {
    const profile = this.#ports.profile.current;
    return profile === null ? null : deckFor(profile.native_language, profile.target_language);
  }

  get offered(): boolean {
    const { profile, summary, deckImport } = this.#ports;
    if (this.#offer === null) return false;
    if (deckImport.state === 'running' || deckImport.state === 'failed') return true;
    if (deckImport.state === 'done' || !profile.settingsLoaded || profile.settings.deckDeclined) return false;
    return summary.current !== null && summary.current.words < enoughWords;
  }

  get title(): string {
    return this.#offer?.title ?? '';
  }

  get words(): number {
    return this.#offer?.words ?? 0;
  }

  get phase() {
    return this.#ports.deckImport.state;
  }

  get added(): number {
    return this.#ports.deckImport.added;
  }

  get failure(): string | null {
    const failure = this.#ports.deckImport.failure;
    return failure === null ? null : presentDatabaseFailure(failure).words;
  }

  async add(): Promise<void> {
    const offer = this.#offer;
    if (offer === null) return;
    await this.#ports.deckImport.run(offer);
    if (this.phase === 'done')
      this.#ports.toasts.show({ words: `${offer.title}: ${this.#ports.deckImport.total} words are ready.` });
  }

  async decline(): Promise<void> {
    const done = await this.#ports.profile.put('deckDeclined', true);
    if (!done.ok) this.#ports.toasts.show({ words: presentDatabaseFailure(done.error).words, tone: 'trouble' });
  }
}
