/**
 * Has the store let go of what nobody needs any more, from time to time, one small step after the other with a pause in
 * between, so that pushes come first. The log says how much went, and nothing of whose.
 */
import { setTimeout as after } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import type { ChangeStore } from './change-store.ts';
import type { CompactionRules } from './exchange/compaction.ts';
import type { ServerClock } from './http/clock.ts';
import { loggable } from './http/failures.ts';

/** In milliseconds. An account is due by its own time; a sweep only looks whether one is. */
const pauses = { start: 60_000, sweeps: 3_600_000, steps: 20 };

/** Resolves after a time in milliseconds, or as soon as the signal says so. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface CompactorOptions {
  readonly store: Pick<ChangeStore, 'compact'>;
  readonly clock: ServerClock;
  readonly rules: CompactionRules;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'error'>;
  readonly wait?: Wait;
}

export interface Compactor {
  /** Resolves when the step under way has ended. */
  close(): Promise<void>;
}

export function startCompactor({ store, clock, rules, log, wait = waitIdly }: CompactorOptions): Compactor {
  const stopping = new AbortController();
  const { signal } = stopping;

  const sweep = async (): Promise<void> => {
    const began = clock.now();
    const gone = { conflicts: 0, tombstones: 0 };
    try {
      for (let more = true; more && !signal.aborted;) {
        const step = await store.compact({ rules, now: clock.now() });
        gone.conflicts += step.conflicts;
        gone.tombstones += step.tombstones;
        more = step.more;
        if (more) await wait(pauses.steps, signal);
      }
    } catch (error) {
      log.error({ err: loggable(error as Error) }, 'compaction failed');
    }
    if (gone.conflicts + gone.tombstones > 0) log.info({ ...gone, milliseconds: clock.now() - began }, 'compacted');
  };

  const run = async (): Promise<void> => {
    await wait(pauses.start, signal);
    while (!signal.aborted) {
      await sweep();
      await wait(pauses.sweeps, signal);
    }
  };

  const running = run();
  return {
    async close() {
      stopping.abort();
      await running;
    },
  };
}

async function waitIdly(milliseconds: number, signal: AbortSignal): Promise<void> {
  // `ref: false`: this alone keeps no process alive. It rejects only when it is aborted.
  await after(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}
