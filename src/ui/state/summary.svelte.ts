/** The figures of today. Cards become due with time alone, so the question is asked again every minute. */
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
    this.#rows.open({ now, dayStart: startOfDay(now) });
  }
}
