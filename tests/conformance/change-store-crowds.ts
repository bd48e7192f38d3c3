/** What every `ChangeStore` answers when many people come at the same moment: the same as if they had come one by one. */
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/protocol/messages.ts';
import { UnknownAccount, type ChangeStore, type Push } from '../../src/server/change-store.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { rowsOf, settingInsert, settingUpdate, testTime } from '../support/server-requests.ts';
import { addAccount, deletion, exchange, push, refused } from '../support/store-pushes.ts';

type Open = () => Promise<ChangeStore>;

const people = Array.from({ length: 8 }, (_, at) => `person-${at}`);

/** Everything that a push can meet: nothing, a row, a deletion, a conflict, a choice, a refusal, an epoch that is unknown. */
const rounds: readonly ((at: number) => Partial<Push>)[] = [
  (at) => ({ writers: [['w', 1]], changes: [settingInsert('theme', `dark ${at}`)], limit: 0 }),
  (at) => ({ device: 'b', cursor: 1, changes: [settingInsert('other', `${at}`), choiceOf(at)] }),
  (at) => ({ device: 'b', cursor: 1, known: 2, changes: [edit(`blue ${at}`, 5)], limit: at }),
  (at) => ({ writers: [['w', 1]], cursor: 1, changes: at % 3 === 0 ? [deletion('other')] : [conflicting(at)] }),
  (at) => (at % 4 === 0 ? { writers: [['v', 9]], changes: [edit('stolen', 9)], limit: 0 } : { cursor: 2, device: 'c' }),
  (at) => ({ device: 'd', cursor: 1 + (at % 3), epoch: at % 2 === 0 ? 'unknown' : '', limit: 2 }),
  (at) => ({ device: 'd', cursor: 1, changes: [settingInsert('bad', 'x', { values: { key: at } })], limit: 50 }),
];

function choiceOf(at: number): Change {
  const values = { key: 'conflict', value: at % 2 === 0 ? '"server_wins"' : '"manual_review"' };
  return settingInsert('conflict', '', { values });
}

function edit(value: string, after: number): Change {
  return settingUpdate('theme', value, { stamp: stampAt(testTime) + after });
}

function conflicting(at: number): Change {
  return settingUpdate('theme', `red ${at}`, { stamp: stampAt(testTime) + 9, base: { value: [1, `dark ${at}`] } });
}

/** Ids that the server makes and epochs differ from one account to the next. */
function comparable(answer: unknown, known: Map<string, string>): unknown {
  const named = (text: string): string => known.get(text) ?? (known.set(text, `id ${known.size}`), known.get(text)!);
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) => (key === 'epoch' ? undefined : value)).replaceAll(
      /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g,
      named,
    ),
  );
}

export function describeCrowds(name: string, openStore: Open): void {
  describe(`${name}: many at once`, () => {
    it('are answered as one after the other', async () => {
      const store = await openStore();
      for (const person of people) {
        await addAccount(store, person);
        await addAccount(store, `${person} alone`);
      }
      for (const parts of rounds) {
        const crowd = await Promise.all(people.map((user, at) => exchange(store, { user, ...parts(at) })));
        for (const [at, person] of people.entries()) {
          const alone = await exchange(store, { user: `${person} alone`, ...parts(at) });
          expect(comparable(crowd[at], new Map())).toEqual(comparable(alone, new Map()));
        }
      }
      for (const user of people) {
        const alone = await push(store, { user: `${user} alone`, device: 'e' });
        expect(comparable(await push(store, { user, device: 'e' }), new Map())).toEqual(comparable(alone, new Map()));
        const names = (await store.devices(user, testTime)).map(({ id }) => id).sort();
        expect(names).toEqual((await store.devices(`${user} alone`, testTime)).map(({ id }) => id).sort());
      }
    });

    it('have each a sequence of their own without gaps, with several pushes of each', async () => {
      const store = await openStore();
      for (const person of people) await addAccount(store, person);
      const mine = (user: string, n: number) => settingInsert(`s${n}`, `${user} ${n}`);
      const pushes = people.flatMap((user) =>
        Array.from({ length: 5 }, (_, n) => push(store, { user, changes: [mine(user, n)], limit: 0 })),
      );
      const pulls = people.flatMap((user) =>
        ['x', 'y', 'x'].map((device) => push(store, { user, device, cursor: 0, limit: 0 })),
      );
      const heads = (await Promise.all(pushes)).map(({ head }) => head);
      await Promise.all(pulls);
      expect(heads).toEqual(people.flatMap(() => [1, 2, 3, 4, 5]));
      for (const user of people) {
        const all = await push(store, { user, device: 'z' });
        const values = Object.values(rowsOf(all, 'setting')).map((row) => row?.['value']);
        expect(values.sort()).toEqual([0, 1, 2, 3, 4].map((n) => `${user} ${n}`));
        expect((await store.devices(user, testTime)).map(({ id }) => id).sort()).toEqual(['device-a', 'x', 'y', 'z']);
      }
    });

    it('do not suffer from who is refused, is unknown, or is removed meanwhile', async () => {
      const store = await openStore();
      for (const person of people) await addAccount(store, person);
      const [first, second] = [people[0]!, people[1]!];
      await push(store, { user: first, writers: [['w', 1]], changes: [settingInsert('a', '1')], limit: 0 });
      const crowd = ['nobody', ...people].map((user) =>
        exchange(store, { user, writers: [['v', 2]], changes: [settingInsert('b', user)], limit: 0 }),
      );
      const [unknown, taken, removed, ...others] = await Promise.allSettled([
        ...crowd.slice(0, 3),
        ...crowd.slice(3),
        store.deleteAccount(second),
      ]);
      expect(unknown).toMatchObject({ status: 'rejected', reason: expect.any(UnknownAccount) as unknown });
      expect(taken).toMatchObject({ value: refused('device_taken') });
      // It was there before the account went, or it was told that there is none.
      if (removed!.status === 'rejected') expect(removed!.reason).toBeInstanceOf(UnknownAccount);
      expect(others.map(({ status }) => status)).toEqual(others.map(() => 'fulfilled'));
      for (const user of people.slice(2)) expect(await store.head(user)).toBe(1);
    });
  });
}
