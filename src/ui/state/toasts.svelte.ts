/** One short message at a time at the foot of the screen, with at most one thing to do about it. */

export interface Toast {
  readonly id: number;
  readonly words: string;
  readonly tone: 'plain' | 'trouble';
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Long enough to read and reach, also with a screen reader. */
const plainTime = 5_000;
const actionTime = 10_000;

export class Toasts {
  #current = $state.raw<Toast | null>(null);
  #timer: ReturnType<typeof setTimeout> | null = null;
  #count = 0;

  get current(): Toast | null {
    return this.#current;
  }

  show(toast: Omit<Toast, 'id' | 'tone'> & { readonly tone?: Toast['tone'] }): void {
    this.#count += 1;
    this.#current = { tone: 'plain', ...toast, id: this.#count };
    this.resume();
  }

  /** While the pointer or the focus is on it, it stays. */
  hold(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  resume(): void {
    this.hold();
    if (this.#current === null) return;
    const time = this.#current.action || this.#current.tone === 'trouble' ? actionTime : plainTime;
    this.#timer = setTimeout(() => this.dismiss(), time);
  }

  dismiss(): void {
    this.hold();
    this.#current = null;
  }
}
