import { expect, it } from 'vitest';
import { StoreUnavailable } from '../../../src/server/change-store.ts';
import { startCompactor, type Wait } from '../../../src/server/compactor.ts';
import type { Compacted, CompactionStep } from '../../../src/server/exchange/compaction.ts';

const rules = { conflictAge: 3, deviceAge: 2, settle: 1 };
const minute = 60_000;

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** What a store answers, step by step; an error is thrown. Runs until the answers are used up and the next wait is long. */
async function run(answers: readonly (Compacted | Error)[]) {
  const left = [...answers];
  const steps: CompactionStep[] = [];
  const waits: number[] = [];
  const lines: unknown[] = [];
  let now = 1_000;
  const done = deferred();
  const wait: Wait = (milliseconds, signal) => {
    waits.push(milliseconds);
    now += milliseconds;
    if (left.length > 0) return Promise.resolve();
    done.resolve();
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  };
  const compactor = startCompactor({
    store: {
      compact(step) {
        steps.push(step);
        const answer = left.shift()!;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    clock: { now: () => now },
    rules,
    log: { info: (...line: unknown[]) => void lines.push(line), error: (...line: unknown[]) => void lines.push(line) },
    wait,
  });
  await done.promise;
  await compactor.close();
  return { steps, waits, lines };
}

const step = (conflicts: number, tombstones: number): Compacted => ({ more: true, conflicts, tombstones });
const end: Compacted = { more: false, conflicts: 0, tombstones: 0 };

it('begins some time after the start, goes on in steps while there is more, and says how much went', async () => {
  const { steps, waits, lines } = await run([step(2, 5), step(0, 1), end, end]);
  expect(waits).toEqual([minute, 20, 20, 60 * minute, 60 * minute]);
  expect(steps[0]).toEqual({ rules, now: 1_000 + minute });
  expect(lines).toEqual([[{ conflicts: 2, tombstones: 6, milliseconds: 40 }, 'compacted']]);
});

it('logs a failure, without what it says of the data, and tries again later', async () => {
  const { waits, lines } = await run([
    step(1, 0),
    new Error('Key (word)=(casa)'),
    new StoreUnavailable('SQLite: FULL'),
    end,
  ]);
  expect(waits).toEqual([minute, 20, 60 * minute, 60 * minute, 60 * minute]);
  expect(lines).toMatchObject([
    [{ err: { message: 'Error' } }, 'compaction failed'],
    [{ conflicts: 1, tombstones: 0 }, 'compacted'],
    [{ err: { message: 'SQLite: FULL' } }, 'compaction failed'],
  ]);
  expect(JSON.stringify(lines)).not.toContain('casa');
});

it('stops between two steps when the server does', async () => {
  let stop: () => Promise<void> = () => Promise.resolve();
  let steps = 0;
  const stopped = deferred();
  const compactor = startCompactor({
    store: {
      compact() {
        steps += 1;
        void stop().then(stopped.resolve);
        return Promise.resolve(step(0, 1));
      },
    },
    clock: { now: () => 0 },
    rules,
    log: { info: () => undefined, error: () => undefined },
    wait: () => Promise.resolve(),
  });
  stop = () => compactor.close();
  await stopped.promise;
  expect(steps).toBe(1);
});
