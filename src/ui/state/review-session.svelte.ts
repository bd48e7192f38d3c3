/**
 * One sitting: reviews in the order they are due, then today's new cards, each answered once it was revealed. A card leaves the screen
 * only after its answer is on disk (I1). Cards that FSRS brings back within minutes come round again in the same sitting.
 */
import type { DatabaseFailure, DueCard, LocalDatabase } from '../../client/db/api.ts';
import { startOfDay } from './time-words.ts';

export type Rating = 1 | 2 | 3 | 4;
export type ReviewPhase = 'loading' | 'question' | 'answer' | 'done' | 'failed';

export interface ReviewPorts {
  readonly database: LocalDatabase;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** Cards asked for at a time; the rest is asked for when these are done. */
const batch = 50;

export class ReviewSession {
  #phase = $state.raw<ReviewPhase>('loading');
  #queue = $state.raw<readonly DueCard[]>([]);
  #answered = $state.raw(0);
  #total = $state.raw(0);
  #failure = $state.raw<DatabaseFailure | null>(null);
  #nextDueAt = $state.raw<number | null>(null);
  #newWaiting = $state.raw(0);
  #loadedAt = 0;
  #shownAt = 0;
  #grading = false;
  readonly #ports: ReviewPorts;

  constructor(ports: ReviewPorts) {
    this.#ports = ports;
  }

  get phase(): ReviewPhase {
    return this.#phase;
  }

  get card(): DueCard | null {
    return this.#queue[0] ?? null;
  }

  get answered(): number {
    return this.#answered;
  }

  /** Cards of this sitting: answered and still to come. */
  get total(): number {
    return this.#total;
  }

  get failure(): DatabaseFailure | null {
    return this.#failure;
  }

  /** When the earliest of the answered cards comes back; null when none was answered. */
  get nextDueAt(): number | null {
    return this.#nextDueAt;
  }

  /** New cards that wait because today's number of them is done. */
  get newWaiting(): number {
    return this.#newWaiting;
  }

  /** Milliseconds until the card comes back for each answer. */
  get intervals(): readonly number[] {
    return this.card?.next.map((at) => Math.max(0, at - this.#loadedAt)) ?? [];
  }

  async load(): Promise<void> {
    return this.#ask(null);
  }

  /** Goes on with new cards beyond today's number. */
  async loadMore(newCards: number): Promise<void> {
    return this.#ask(newCards);
  }

  async #ask(newCards: number | null): Promise<void> {
    this.#phase = 'loading';
    const now = this.#ports.now();
    const dayStart = startOfDay(now);
    const [cards, summary] = await Promise.all([
      this.#ports.database.query('reviews.due', { now, dayStart, newCards, limit: batch }),
      this.#ports.database.query('summary.get', { now, dayStart }),
    ]);
    if (!cards.ok) return this.#fail(cards.error);
    const figures = summary.ok ? summary.value[0] : undefined;
    this.#loadedAt = now;
    this.#queue = cards.value;
    this.#total = this.#answered + Math.max(cards.value.length, newCards === null ? (figures?.due ?? 0) : 0);
    this.#newWaiting = figures?.new_waiting ?? 0;
    this.#failure = null;
    this.#show();
  }

  reveal(): void {
    if (this.#phase === 'question') this.#phase = 'answer';
  }

  async grade(rating: Rating): Promise<void> {
    const card = this.card;
    if (card === null || this.#phase !== 'answer' || this.#grading) return;
    this.#grading = true;
    const at = this.#ports.now();
    const done = await this.#ports.database.mutate('reviews.grade', {
      reviewId: this.#ports.newId(),
      wordId: card.id,
      rating,
      at,
      duration: Math.max(0, at - this.#shownAt),
    });
    this.#grading = false;
    if (!done.ok) {
      this.#failure = done.error;
      return;
    }
    this.#failure = null;
    this.#answered += 1;
    const back = at + (this.intervals[rating - 1] ?? 0);
    this.#nextDueAt = Math.min(this.#nextDueAt ?? back, back);
    this.#queue = this.#queue.slice(1);
    if (this.#queue.length === 0) await this.load();
    else this.#show();
  }

  #show(): void {
    this.#shownAt = this.#ports.now();
    this.#phase = this.#queue.length === 0 ? 'done' : 'question';
  }

  #fail(failure: DatabaseFailure): void {
    this.#failure = failure;
    this.#phase = 'failed';
  }
}
