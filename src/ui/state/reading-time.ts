/**
 * How long a text is really read: while it is in view and the reader does something now and then. Told in whole minutes,
 * each stretch once; what is short of a minute goes on counting when the text comes back into view.
 */

export interface ReadingPorts {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Keeps whole minutes, at least one. */
  readonly keep: (minutes: number) => void;
}

const minute = 60_000;
/** Without a sign of the reader for so long, nobody reads: a page of dense text takes about this. */
const patience = 3 * minute;

export class ReadingTime {
  readonly #ports: ReadingPorts;
  /** Read and not yet told, in milliseconds. */
  #read = 0;
  /** Since when it is being read, and the last sign of the reader; null while it is out of view. */
  #stretch: { readonly since: number; readonly sign: number } | null = null;

  constructor(ports: ReadingPorts) {
    this.#ports = ports;
  }

  /** The text is in view. */
  begin(): void {
    if (this.#stretch !== null) return;
    const now = this.#ports.now();
    this.#stretch = { since: now, sign: now };
  }

  /** The reader scrolled, tapped or typed. */
  sign(): void {
    if (this.#stretch === null) return;
    const now = this.#ports.now();
    if (now - this.#stretch.sign <= patience) this.#stretch = { ...this.#stretch, sign: now };
    else {
      this.#count();
      this.#stretch = { since: now, sign: now };
    }
  }

  /** The text is out of view: whole minutes are told now, for the app may never come back. */
  end(): void {
    this.#count();
    this.#stretch = null;
    const minutes = Math.floor(this.#read / minute);
    if (minutes < 1) return;
    this.#read -= minutes * minute;
    this.#ports.keep(minutes);
  }

  #count(): void {
    if (this.#stretch === null) return;
    const until = Math.min(this.#ports.now(), this.#stretch.sign + patience);
    this.#read += Math.max(0, until - this.#stretch.since);
  }
}
