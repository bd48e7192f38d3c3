/**
 * An hour of many people in two minutes: 10,000 registered, 500 of them active, each with two devices. In an hour a person
 * opens the app four times and reviews 25 cards each time; a review is three changes (the word's card, the review, the
 * study event), pushed at once. The other device hears every poke, and half of them ask for what is new. Requests are made
 * at their time, whatever the answers to others do, so that a server that falls behind shows it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { v7 } from 'uuid';
import type { Change } from '../../../../src/protocol/messages.ts';
import { stampAt } from '../../../../src/sync/clock.ts';
import type { Series } from '../../figures.ts';
import { latency } from '../latency.ts';
import type { ServerLab } from '../lab.ts';
import { LoadDevice, newWord, registerPeople, type Person } from '../people.ts';
import { watchUsage } from '../usage.ts';

const visits = 4;
const reviewsAVisit = 25;
const wordsAPerson = 20;

class ActivePerson {
  readonly phone: LoadDevice;
  readonly tablet: LoadDevice;
  readonly pushes: number[] = [];
  readonly pulls: number[] = [];
  failures = 0;
  #words: string[] = [];
  #pulling: Promise<void> | null = null;
  #hangUp: () => void = () => undefined;

  constructor(origin: string, person: Person) {
    this.phone = new LoadDevice(origin, person);
    this.tablet = new LoadDevice(origin, person);
  }

  async begin(listens: boolean): Promise<void> {
    this.#words = Array.from({ length: wordsAPerson }, () => v7());
    await this.phone.push(this.#words.map((id, serial) => newWord(id, serial)));
    await this.tablet.pull();
    if (listens) this.#hangUp = await this.tablet.listen(() => this.#pull());
  }

  async review(serial: number): Promise<void> {
    const word = this.#words[serial % wordsAPerson]!;
    const started = performance.now();
    await this.phone.push(reviewOf(word, serial)).catch(() => (this.failures += 1));
    this.pushes.push(performance.now() - started);
  }

  async end(): Promise<void> {
    this.#hangUp();
    await this.#pulling;
    await Promise.all([this.phone.close(), this.tablet.close()]);
  }

  /** Pokes during a pull are answered by the next one, as in the app. */
  #pull(): void {
    this.#pulling ??= this.#pullOnce().finally(() => (this.#pulling = null));
  }

  async #pullOnce(): Promise<void> {
    const started = performance.now();
    await this.tablet.pull().catch(() => (this.failures += 1));
    this.pulls.push(performance.now() - started);
  }
}

function reviewOf(word: string, serial: number): Change[] {
  const now = Date.now();
  const made = { op: 'insert', stamp: stampAt(now), baseSeq: 0 } as const;
  return [
    {
      ...{ table: 'vocabulary_item', id: word, op: 'update', stamp: stampAt(now), baseSeq: 1 },
      values: { due_at: now + 86_400_000, reps: serial, stability: serial % 100, last_review_at: now },
    },
    {
      ...{ table: 'review', id: v7(), ...made },
      values: { vocabulary_item_id: word, rating: 3, card_state: 2, reviewed_at: now, duration: 2_000 },
    },
    {
      ...{ table: 'study_event', id: v7(), ...made },
      values: { kind: 'card_reviewed', language: 'es', amount: 1, happened_at: now },
    },
  ];
}

export async function measureMixedHour({ store, quick, say, startServer }: ServerLab): Promise<Series[]> {
  const seconds = quick ? 20 : 120;
  const [registered, active] = quick ? [1_000, 100] : [10_000, 500];
  say(`${store.name}: an hour of ${active} of ${registered} people in ${seconds} seconds`);
  const people = await store.use((open) => registerPeople(open, registered));
  const server = await startServer();
  const actives = people.slice(0, active).map((person) => new ActivePerson(server.url, person));
  for (let from = 0; from < active; from += 50) {
    await Promise.all(actives.slice(from, from + 50).map((person, index) => person.begin(index % 2 === 0)));
  }
  const usage = watchUsage([server.pid, ...(store.pid === null ? [] : [store.pid])]);
  const started = performance.now();
  const agenda = actives
    .flatMap((person) =>
      Array.from({ length: visits * reviewsAVisit }, (_, serial) => ({
        person,
        serial,
        at: timeOfReview(serial, seconds),
      })),
    )
    .sort((a, b) => a.at - b.at);
  const pending = new Set<Promise<void>>();
  for (const { person, serial, at } of agenda) {
    const early = started + at - performance.now();
    if (early > 1) await pause(early);
    const review = person.review(serial).finally(() => pending.delete(review));
    pending.add(review);
  }
  await Promise.all(pending);
  const elapsed = (performance.now() - started) / 1_000;
  const used = usage.stop();
  await Promise.all(actives.map((person) => person.end()));
  await server.stop('SIGTERM');
  const pushes = actives.flatMap((person) => person.pushes);
  const pulls = actives.flatMap((person) => person.pulls);
  const failures = actives.reduce((sum, person) => sum + person.failures, 0);
  if (failures > 0) throw new Error(`${failures} requests of the mixed hour failed`);
  const name = `mixed hour of ${active} people`;
  return [
    { name: `${name}: requests`, unit: '/s', samples: [(pushes.length + pulls.length) / elapsed] },
    ...latency(`${name}: push`, { samples: pushes }),
    ...latency(`${name}: pull after a poke`, { samples: pulls }),
    ...used(name),
  ];
}

/** Milliseconds from the start: a visit begins at any time of its quarter and takes half of it. */
function timeOfReview(serial: number, seconds: number): number {
  const quarter = (seconds * 1_000) / visits;
  const visit = Math.floor(serial / reviewsAVisit);
  return quarter * (visit + Math.random());
}
