/**
 * The app without its screens: its database, its service worker, its sync control, put together as src/ui/main.ts does,
 * and functions that the benchmark calls from outside. `globalThis.bench` has them.
 */
import { createAccountApi } from '../../../src/client/adapters/account-api.ts';
import { registerAppWorker } from '../../../src/client/adapters/app-worker.ts';
import { createSyncControl } from '../../../src/client/adapters/sync-control.ts';
import { createBrowserEnvironment } from '../../../src/client/db/browser-environment.ts';
import { createLocalDatabase, type PageDatabase } from '../../../src/client/db/local-database.ts';
import type { WordRow } from '../../../src/client/db/api.ts';
import type { SyncControl } from '../../../src/client/sync-api.ts';
import { makeWords } from '../rows.ts';
import { createWallClock } from '../wall-clock.ts';
import type { EngineJob, EngineTimes } from './engine-worker.ts';
import type { LoadJob, LoadTimes } from './load-worker.ts';
import type { WriteJob, WriteTimes } from './write-worker.ts';

const clock = createWallClock();
/** As many as the app's list of words asks for. */
const listed = 120;

class BenchPage {
  #database: PageDatabase | null = null;
  #sync: SyncControl | null = null;
  /** Translations that the list of words has shown, and when first. */
  readonly #shown = new Map<string, number>();
  readonly #wanted = new Map<string, (at: number) => void>();

  /** The service worker controls this page. */
  async untilServiceWorker(): Promise<void> {
    registerAppWorker(navigator.serviceWorker);
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller) return;
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    });
  }

  /** Part 1a: one contender, in a worker of its own on a pool of its own. */
  write(job: WriteJob): Promise<WriteTimes> {
    return workOnce(new Worker(new URL('./write-worker.ts', import.meta.url), { type: 'module' }), job);
  }

  /** Part 7: one way of the engine's work on the database, in the same manner. */
  engine(job: EngineJob): Promise<EngineTimes[]> {
    return workOnce(new Worker(new URL('./engine-worker.ts', import.meta.url), { type: 'module' }), job);
  }

  /** Part 9: a first load's work in the worker alone. */
  load(job: LoadJob): Promise<LoadTimes> {
    return workOnce(new Worker(new URL('./load-worker.ts', import.meta.url), { type: 'module' }), job);
  }

  open(): void {
    this.#database = createLocalDatabase(createBrowserEnvironment());
    this.#sync = createSyncControl({ database: this.#database, now: () => Date.now() });
  }

  /** Part 1b: as the app writes, by its mutations. Milliseconds of all batches and of all single writes. */
  async mutate({ seed, fill, singles }: WriteJob): Promise<{ batches: number; singles: number }> {
    const words = makeWords(fill + singles, seed).map(({ word, translation }, index) => ({
      word: `${index} ${word}`,
      translation,
    }));
    const add = async (from: number, to: number): Promise<void> => {
      const result = await this.#opened.mutate('words.add', { language: 'es', words: words.slice(from, to), at: from });
      if (!result.ok) throw new Error(result.error.detail);
    };
    await add(0, 1);
    const started = performance.now();
    let batches = 0;
    for (let from = 1; from < fill; from += 1_000) {
      await add(from, Math.min(from + 1_000, fill));
      if (from <= 9_001) batches = performance.now() - started;
    }
    const before = performance.now();
    for (let from = fill; from < fill + singles; from += 1) await add(from, from + 1);
    return { batches, singles: performance.now() - before };
  }

  /** Signs in, attaches and asks for the first sync. Gives when. */
  async signIn(name: string, password: string): Promise<number> {
    const account = createAccountApi({
      fetch: (input, init) => fetch(input, init),
      deviceName: 'Benchmark',
      prompt: null,
    });
    const session = await account.signIn(name, password);
    if (!session.ok) throw new Error(session.error.code);
    const started = clock();
    const attached = await this.#opened.mutate('account.attach', { userId: session.value.user.id, name });
    if (!attached.ok) throw new Error(attached.error.detail);
    this.#sync?.request('signed-in');
    return started;
  }

  /** When there are so many words. */
  untilWords(count: number): Promise<number> {
    return new Promise((resolve) => {
      const stop = this.#opened.live('words.count', { search: '' }, ([row]) => {
        if (row?.total !== count) return;
        queueMicrotask(() => stop());
        resolve(clock());
      });
    });
  }

  /** When the list of words has its first. */
  untilFirstWord(): Promise<number> {
    return new Promise((resolve) => {
      const stop = this.#opened.live('words.list', { search: '', limit: listed, offset: 0 }, (rows) => {
        if (rows.length === 0) return;
        queueMicrotask(() => stop());
        resolve(clock());
      });
    });
  }

  /** Keeps the list of words live, as its screen does, and notes what it shows. */
  showWords(): Promise<void> {
    return new Promise((resolve) => {
      this.#opened.live('words.list', { search: '', limit: listed, offset: 0 }, (rows) => {
        this.#note(rows);
        resolve();
      });
    });
  }

  /** When the list showed a word of this translation. */
  seen(translation: string): Promise<number> {
    const at = this.#shown.get(translation);
    if (at !== undefined) return Promise.resolve(at);
    return new Promise((resolve) => this.#wanted.set(translation, resolve));
  }

  /** Gives the newest words this translation, each by a mutation of its own. When it began and ended. */
  async translateNewest(count: number, translation: string): Promise<readonly [number, number]> {
    const found = await this.#opened.query('words.list', { search: '', limit: count, offset: 0 });
    if (!found.ok) throw new Error(found.error.detail);
    const started = clock();
    for (const { id, word, note } of found.value) {
      const edited = await this.#opened.mutate('words.edit', { id, word, note, translation });
      if (!edited.ok) throw new Error(edited.error.detail);
    }
    return [started, clock()];
  }

  /** How long the least takes that this page can ask of the server. Milliseconds. */
  async bareRequest(): Promise<number> {
    const started = performance.now();
    const response = await fetch('/api/health', { cache: 'no-store' });
    await response.text();
    return performance.now() - started;
  }

  /** From the browser's word that there is a connection until nothing waits in the outbox. */
  pushed(): Promise<number> {
    return new Promise((resolve) => {
      const began = new Promise<number>((online) => {
        window.addEventListener('online', () => online(clock()), { once: true });
      });
      let ended: number | null = null;
      const stop = this.#opened.live('sync.status', {}, ([row]) => {
        if (row?.waiting !== 0 || ended !== null) return;
        ended = clock();
        queueMicrotask(() => stop());
        void began.then((at) => resolve((ended ?? NaN) - at));
      });
    });
  }

  /** No sync runs and nothing waits. */
  async untilIdle(): Promise<void> {
    await new Promise<void>((resolve) => {
      const stop = this.#opened.live('sync.status', {}, ([row]) => {
        if (row?.waiting !== 0) return;
        queueMicrotask(() => stop());
        resolve();
      });
    });
    await navigator.locks.request('lorikeet-sync', () => undefined);
  }

  async waiting(): Promise<number> {
    const status = await this.#opened.query('sync.status', {});
    return status.ok ? (status.value[0]?.waiting ?? NaN) : NaN;
  }

  get #opened(): PageDatabase {
    if (!this.#database) throw new Error('the database was not opened');
    return this.#database;
  }

  #note(rows: readonly WordRow[]): void {
    const at = clock();
    for (const { translation } of rows) {
      if (this.#shown.has(translation)) continue;
      this.#shown.set(translation, at);
      this.#wanted.get(translation)?.(at);
      this.#wanted.delete(translation);
    }
  }
}

/** What a worker answers to its one job. */
async function workOnce<T>(worker: Worker, job: unknown): Promise<T> {
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<T>) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(job);
    });
  } finally {
    worker.terminate();
  }
}

export type Bench = BenchPage;

Object.assign(globalThis, { bench: new BenchPage() });
