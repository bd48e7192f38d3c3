/** Whether this browser tells the person what is new with the app closed; asked of browser and server when it is shown. */
import type { Result } from '../../base/result.ts';
import type { PushControl, PushState } from '../../client/sync-api.ts';
import type { Failure } from '../../protocol/errors.ts';

export class Notifications {
  #state = $state.raw<PushState | null>(null);
  #failure = $state.raw<Failure | null>(null);
  #busy = $state.raw(false);
  readonly #push: PushControl;

  constructor(push: PushControl) {
    this.#push = push;
  }

  /** Null until it is known. */
  get state(): PushState | null {
    return this.#state;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  get busy(): boolean {
    return this.#busy;
  }

  async load(): Promise<void> {
    await this.#during(() => this.#push.state());
  }

  /** Also for another hour while it is on. Null: no reminder. True when it is on. */
  async turnOn(hour: number | null): Promise<boolean> {
    return (await this.#during(() => this.#push.turnOn(hour))) === 'on';
  }

  /** True when it is off. */
  async turnOff(): Promise<boolean> {
    return (await this.#during(() => this.#push.turnOff())) === 'off';
  }

  async #during(work: () => Promise<Result<PushState, Failure>>): Promise<PushState['kind'] | null> {
    if (this.#busy) return null;
    this.#busy = true;
    try {
      const done = await work();
      this.#failure = done.ok ? null : done.error;
      if (!done.ok) return null;
      this.#state = done.value;
      return done.value.kind;
    } finally {
      this.#busy = false;
    }
  }
}

/** There is something to be told of: an account that other devices can be in, and something in it. Before, nobody is asked. */
export function hasReasonToNotify(
  user: string | null | undefined,
  summary: { readonly words: number; readonly conversations: number } | null,
): boolean {
  return user != null && summary !== null && summary.words + summary.conversations > 0;
}

/** A time of the day as people where the browser is write it. */
export function hourWords(hour: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' }).format(new Date(2026, 0, 1, hour));
}
