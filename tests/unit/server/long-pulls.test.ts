import { EventEmitter } from 'node:events';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { SyncRequest } from '../../../src/protocol/messages.ts';
import { isLongPull, LongPulls, type Turn } from '../../../src/server/http/long-pulls.ts';

/** Asks for turns and notes who has one, in order. */
function queue(limits?: ConstructorParameters<typeof LongPulls>[0]) {
  const pulls = new LongPulls(limits);
  const served: string[] = [];
  const turns: Turn[] = [];
  return {
    pulls,
    served,
    ask: async (user: string, name = user) => {
      const turn = await pulls.turn(user);
      served.push(turn ? name : `${name} refused`);
      if (turn) turns.push(turn);
    },
    /** The one that is being served is done. */
    async end(bytes?: number, destroyed = false): Promise<EventEmitter> {
      await eventLoopTurn();
      const response = Object.assign(new EventEmitter(), { destroyed });
      const turn = turns.shift()!;
      if (bytes !== undefined) turn.sends(bytes, response);
      turn.end();
      await eventLoopTurn();
      await eventLoopTurn();
      return response;
    },
  };
}

it('serves one long pull at a time, in the order they came', async () => {
  const { ask, end, served, pulls } = queue();
  const asked = ['a', 'b', 'c'].map((user) => ask(user));
  await asked[0];
  expect([served, pulls.waiting]).toEqual([['a'], 2]);
  await end();
  expect(served).toEqual(['a', 'b']);
  await end();
  expect([served, pulls.waiting]).toEqual([['a', 'b', 'c'], 0]);
});

it('gives the turns to accounts, however many devices one has', async () => {
  const { ask, end, served } = queue();
  void ask('a', 'a1');
  for (const name of ['a2', 'a3', 'a4']) void ask('a', name);
  void ask('b', 'b1');
  void ask('b', 'b2');
  for (let turn = 0; turn < 6; turn += 1) await end();
  expect(served).toEqual(['a1', 'a2', 'b1', 'a3', 'b2', 'a4']);
});

it('lets what came in between go first', async () => {
  const { ask, served, pulls } = queue();
  await ask('a');
  void ask('b');
  const turn = await new LongPulls().turn('alone');
  turn!.end();
  let between = false;
  setImmediate(() => (between = true));
  expect([served, pulls.waiting, between]).toEqual([['a'], 1, false]);
  await eventLoopTurn();
  expect(between).toBe(true);
});

it('lets exchanges under way go first that are not long, though not for ever', async () => {
  const { ask, end, served, pulls } = queue();
  const over = [pulls.beginShort(), pulls.beginShort()];
  void ask('a');
  over[0]!();
  await eventLoopTurn();
  expect(served).toEqual([]);
  over[1]!();
  await eventLoopTurn();
  expect(served).toEqual(['a']);
  await end();
  pulls.beginShort();
  await ask('b');
  expect(served).toEqual(['a', 'b']);
});

it('waits while too much was made and not sent', async () => {
  const { ask, end, served } = queue({ waiting: 10, unsent: 100, patience: 50 });
  for (const user of ['a', 'b', 'c']) void ask(user);
  await eventLoopTurn();
  const first = await end(60);
  expect(served).toEqual(['a', 'b']);
  const second = await end(60);
  expect(served).toEqual(['a', 'b']);
  second.emit('close');
  await eventLoopTurn();
  expect(served).toEqual(['a', 'b', 'c']);
  first.emit('close');
  await end(60);
  await ask('d');
  expect(served.at(-1)).toBe('d');
});

it('does not count for ever what was made for a device that had left by then', async () => {
  const { ask, end, served } = queue({ waiting: 10, unsent: 100, patience: 50 });
  for (const user of ['a', 'b']) void ask(user);
  await end(1_000, true);
  expect(served).toEqual(['a', 'b']);
});

it('refuses more than can be served in time', async () => {
  const { ask, end, served } = queue({ waiting: 1, unsent: 100, patience: 50 });
  void ask('a');
  void ask('b');
  await ask('c');
  expect(served).toEqual(['a', 'c refused']);
  await end();
  expect(served.at(-1)).toBe('b');
});

it.each([
  ['a new device', { cursor: 0, known: 0 }, true],
  ['one that knows of much that it lacks', { cursor: 5_000, known: 90_000 }, true],
  ['one that is told of little', { cursor: 5_000, known: 5_010 }, false],
  ['one that pushes', { cursor: 0, known: 0, changes: [{}] }, false],
  ['one that wants no rows', { cursor: 0, known: 0, limit: 0 }, false],
  ['one that asks for a preview first', { cursor: 0, known: 0, preview: true }, false],
  ['one that asks for a preview when it is too late', { cursor: 5_000, known: 90_000, preview: true }, true],
])('takes a pull for long, or not, of %s', (_, parts, isLong) => {
  const request = { changes: [], limit: 5_000, ...parts } as unknown as SyncRequest;
  expect(isLongPull(request)).toBe(isLong);
});
