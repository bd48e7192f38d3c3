import { beforeEach, describe, expect, it } from 'vitest';
import type { Recipient } from '../../../../src/server/push-store.ts';
import { createDeliveries, type Deliveries } from '../../../../src/server/push/deliveries.ts';
import type { Delivery } from '../../../../src/server/push/sender.ts';

let now: number;
let sent: string[];
let ends: string[];
let dropped: unknown[];
let answer: () => Promise<Delivery>;
let errors: unknown[];
let deliveries: Deliveries;
beforeEach(() => {
  now = 0;
  [sent, ends, dropped, errors] = [[], [], [], []];
  answer = async () => ({ outcome: 'sent' });
  deliveries = createDeliveries({
    store: { unsubscribePush: async (session, endpoint) => void dropped.push([session, endpoint]) },
    sender: {
      send: (target, kind) => {
        sent.push(`${kind} to ${target.endpoint}`);
        return answer();
      },
    },
    clock: { now: () => now },
    chance: () => 1,
    onEnd: (end) => void ends.push(end),
    onError: (error) => void errors.push(error),
  });
});

function to(name: string): Recipient {
  return { session: name, target: { endpoint: name, p256dh: '', auth: '' } };
}

/** After so many milliseconds what is due then has begun and ended. */
async function pass(milliseconds: number): Promise<void> {
  await deliveries.settled();
  now += milliseconds;
  deliveries.proceed();
  await deliveries.settled();
}

describe('a message', () => {
  it('is sent at once, and once', async () => {
    deliveries.add(to('phone'), 'news');
    await pass(3_600_000);
    expect(sent).toEqual(['news to phone']);
    expect(ends).toEqual(['sent']);
  });

  it('that did not get through is tried again with growing pauses, and given up in the end', async () => {
    answer = async () => ({ outcome: 'later', after: 0 });
    deliveries.add(to('phone'), 'news');
    for (const [pause, tries] of [
      [4_999, 1],
      [1, 2],
      [10_000, 3],
      [20_000, 4],
      [39_999, 4],
      [1, 5],
    ] as const) {
      await pass(pause);
      expect(sent, `${pause}`).toHaveLength(tries);
    }
    expect(ends).toEqual(['failed']);
    await pass(3_600_000);
    expect(sent).toHaveLength(5);
  });

  it('waits as long as the push service asks', async () => {
    answer = async () => ({ outcome: 'later', after: 60_000 });
    deliveries.add(to('phone'), 'news');
    await pass(59_999);
    expect(sent).toHaveLength(1);
    answer = async () => ({ outcome: 'sent' });
    await pass(1);
    expect(ends).toEqual(['sent']);
  });

  it('that waits is one with the next of its kind', async () => {
    answer = async () => ({ outcome: 'later', after: 60_000 });
    deliveries.add(to('phone'), 'news');
    await pass(0);
    answer = async () => ({ outcome: 'sent' });
    deliveries.add(to('phone'), 'news');
    deliveries.add(to('phone'), 'due');
    deliveries.add(to('laptop'), 'news');
    await pass(3_600_000);
    expect(sent).toEqual(['news to phone', 'news to phone', 'due to phone', 'news to laptop']);
  });

  it('for a browser that takes no more is the last: its subscription is forgotten, if it is still that one', async () => {
    answer = async () => ({ outcome: 'gone' });
    deliveries.add(to('phone'), 'news');
    await pass(0);
    expect(dropped).toEqual([['phone', 'phone']]);
    expect(ends).toEqual(['gone']);
  });

  it('that the push service refuses is not sent again', async () => {
    answer = async () => ({ outcome: 'refused' });
    deliveries.add(to('phone'), 'news');
    await pass(3_600_000);
    expect(sent).toHaveLength(1);
    expect(ends).toEqual(['refused']);
  });

  it('for which the storage fails is told as an error, and holds up no other', async () => {
    answer = () => Promise.reject(new Error('no storage'));
    deliveries.add(to('phone'), 'news');
    await pass(0);
    expect(errors).toHaveLength(1);
    answer = async () => ({ outcome: 'sent' });
    deliveries.add(to('laptop'), 'news');
    await pass(0);
    expect(ends).toEqual(['sent']);
  });
});

describe('many messages', () => {
  it('are sent a few at a time, all in the end', async () => {
    let atOnce = 0;
    let most = 0;
    answer = async () => {
      most = Math.max(most, (atOnce += 1));
      await Promise.resolve();
      atOnce -= 1;
      return { outcome: 'sent' };
    };
    for (let at = 0; at < 100; at += 1) deliveries.add(to(`d${at}`), 'news');
    await pass(0);
    expect(most).toBe(20);
    expect(ends).toHaveLength(100);
  });

  it('beyond what can wait are dropped', async () => {
    answer = async () => ({ outcome: 'later', after: 60_000 });
    for (let at = 0; at < 2_100; at += 1) deliveries.add(to(`d${at}`), 'news');
    await pass(0);
    expect(ends.filter((end) => end === 'dropped').length).toBeGreaterThanOrEqual(80);
  });
});
