/**
 * The figures of today. They depend on the time: cards become due by it alone, and a word added after the question was
 * asked is due at once. So the question is asked again every minute, and after every change.
 */
import type { DatabaseFailure, LocalDatabase, Summary } from '../../client/db/api.ts';
import { LiveRows } from './live-rows.svelte.ts';
import { startOfDay } from './time-words.ts';

const minute = 60_000;

export class TodaySummary {
  readonly #rows: LiveRows<'summary.get'>;
  readonly #now: () => number;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(database: LocalDatabase, now: () => number) {
    this.#rows = new LiveRows(database, 'summary.get');
    this.#now = now;
  }

  /** Null until the database answered. */
  get current(): Summary | null {
    return this.#rows.first;
  }

  get failure(): DatabaseFailure | null {
    return this.#rows.failure;
  }

  open(): void {
    this.#ask();
    this.#timer = setInterval(() => this.#ask(), minute);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#rows.close();
  }

  #ask(): void {
    const now = this.#now();
    let answered = false;
    this.#rows.open({ now, dayStart: startOfDay(now) }, () => {
      if (answered) this.#ask();
      answered = true;
    });
  }
}
