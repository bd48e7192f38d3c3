import { expect, it } from 'vitest';
import { createBatches, type BatchOptions } from '../../../src/server/stores/postgres/batches.ts';

/** Asks that are answered by hand, a batch at a time. */
function byHand(options: Partial<BatchOptions<number, string>> = {}) {
  const begun: { asks: readonly number[]; end: (answers: (string | Error)[] | Error) => void }[] = [];
  const ask = createBatches<number, string>({
    ...{ lanes: 2, heaviest: 10, weigh: (weight) => weight },
    work: (asks) =>
      new Promise((resolve, reject) => {
        begun.push({ asks, end: (answers) => (answers instanceof Error ? reject(answers) : resolve(answers)) });
      }),
    ...options,
  });
  const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  return { ask, begun, turn, batches: () => begun.map(({ asks }) => asks) };
}

it('what comes in one turn of the event loop goes together, each with an answer of its own', async () => {
  const { ask, begun, turn } = byHand();
  const all = Promise.all([ask(1), ask(2), ask(3)]);
  await turn();
  expect(begun.map(({ asks }) => asks)).toEqual([[1, 2, 3]]);
  begun[0]!.end(['a', 'b', 'c']);
  expect(await all).toEqual(['a', 'b', 'c']);
});

it('what comes while every lane is taken waits, and goes together when one is free', async () => {
  const { ask, begun, turn, batches } = byHand();
  const first = ask(1);
  await turn();
  const second = ask(2);
  await turn();
  const rest = [ask(3), ask(4)];
  await turn();
  expect(batches()).toEqual([[1], [2]]);
  begun[1]!.end(['second']);
  expect(await second).toBe('second');
  await turn();
  expect(batches()).toEqual([[1], [2], [3, 4]]);
  begun[2]!.end(['third', 'fourth']);
  begun[0]!.end(['first']);
  expect(await Promise.all([first, ...rest])).toEqual(['first', 'third', 'fourth']);
});

it('a batch is no heavier than it may be, but for one ask that is', async () => {
  const { ask, turn, batches } = byHand({ lanes: 9 });
  for (const weight of [4, 6, 1, 30, 9, 2]) void ask(weight);
  for (let times = 0; times < 5; times += 1) await turn();
  expect(batches()).toEqual([[4, 6], [1], [30], [9], [2]]);
});

it('an error among the answers is that of one, an error of the work that of all, and both leave the lane free', async () => {
  const { ask, begun, turn, batches } = byHand({ lanes: 1 });
  const mixed = Promise.allSettled([ask(1), ask(2)]);
  await turn();
  begun[0]!.end([new Error('refused'), 'b']);
  expect(await mixed).toMatchObject([{ status: 'rejected' }, { value: 'b' }]);
  const failed = Promise.allSettled([ask(3), ask(4)]);
  await turn();
  begun[1]!.end(new Error('away'));
  expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  void ask(5);
  await turn();
  expect(batches()).toEqual([[1, 2], [3, 4], [5]]);
});
