/**
 * The server killed (SIGKILL) again and again under load. Every acknowledged change must be there afterwards, none twice;
 * what was not acknowledged is sent again, as a device does. A loss is an error of the benchmark, not a figure.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { v7 } from 'uuid';
import { assert } from '../../../../src/base/assert.ts';
import type { Change } from '../../../../src/protocol/messages.ts';
import type { Series } from '../../figures.ts';
import type { ServerLab } from '../lab.ts';
import { LoadDevice, newWord, registerPeople, type Person } from '../people.ts';

const users = 20;

/** What one person's device has to remember over the server's deaths. */
interface Diary {
  readonly person: Person;
  readonly device: string;
  readonly acknowledged: Set<string>;
  /** Sent, and not answered. */
  unanswered: readonly Change[];
}

async function pushUntilItDies(diary: Diary, origin: string): Promise<void> {
  const device = new LoadDevice(origin, diary.person, diary.device);
  try {
    for (let serial = 0; ; serial += 1) {
      if (diary.unanswered.length === 0) diary.unanswered = [newWord(v7(), serial), newWord(v7(), serial + 1)];
      await device.push(diary.unanswered);
      for (const { id } of diary.unanswered) diary.acknowledged.add(id);
      diary.unanswered = [];
    }
  } catch {
    // The server is dead: that is what is tried.
  } finally {
    await device.close();
  }
}

function acknowledgedBy(diaries: readonly Diary[]): number {
  return diaries.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
}

export async function measureKills({ store, quick, say, startServer }: ServerLab): Promise<Series[]> {
  const kills = quick ? 5 : 50;
  const people = await store.use((open) => registerPeople(open, users));
  const diaries: Diary[] = people.map((person) => ({
    ...{ person, device: v7(), acknowledged: new Set<string>(), unanswered: [] },
  }));
  say(`${store.name}: killed ${kills} times under load`);
  const backAfter: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const started = performance.now();
    const server = await startServer();
    backAfter.push(performance.now() - started);
    const load = diaries.map((diary) => pushUntilItDies(diary, server.url));
    // A server that opens its first connections to the database is not under load yet.
    const warm = acknowledgedBy(diaries) + 5 * users;
    for (const until = performance.now() + 10_000; acknowledgedBy(diaries) < warm && performance.now() < until;)
      await pause(20);
    await pause(200 + Math.random() * 400);
    await server.stop('SIGKILL');
    await Promise.all(load);
  }
  const server = await startServer();
  let acknowledged = 0;
  for (const diary of diaries) {
    const device = new LoadDevice(server.url, diary.person);
    const pages = (await device.pull()).flatMap(({ changes }) => changes);
    await device.close();
    const ids = pages.flatMap((page) => page.ids);
    const there = new Set(ids);
    const sequences = pages.flatMap((page) => page.seqs);
    const sent = diary.acknowledged.size + diary.unanswered.length;
    const lost = [...diary.acknowledged].filter((id) => !there.has(id));
    assert(lost.length === 0, `every acknowledged change is there (${lost.length} are lost)`);
    assert(there.size === ids.length && new Set(sequences).size === sequences.length, 'none is there twice');
    assert(there.size <= sent, 'nothing is there that was not sent');
    acknowledged += diary.acknowledged.size;
  }
  await server.stop('SIGTERM');
  return [
    {
      name: `killed ${kills} times: acknowledged changes, all there, none twice`,
      unit: 'calls',
      samples: [acknowledged],
    },
    { name: `killed ${kills} times: back after`, unit: 'ms', samples: backAfter },
  ];
}
