import { beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedWakes, WakeClaim } from '../../../../src/server/push-store.ts';
import { createWakes, type Wakes } from '../../../../src/server/push/wakes.ts';

const pauses = { message: { delay: 10, between: 100 }, edit: { delay: 50, between: 1_000 } };

let now: number;
let claims: WakeClaim[];
let told: string[];
let found: ClaimedWakes;
let wakes: Wakes;
beforeEach(() => {
  now = 10_000;
  [claims, told] = [[], []];
  found = { recipients: [], leftAlone: null };
  wakes = createWakes({
    store: {
      async claimWakes(claim) {
        claims.push(claim);
        return found;
      },
    },
    clock: { now: () => now },
    tell: ({ session }) => void told.push(session),
    pauses,
  });
});

async function pass(milliseconds: number): Promise<void> {
  now += milliseconds;
  await wakes.proceed();
}

const target = { endpoint: '', p256dh: '', auth: '' };
const edit = { user: 'u1', session: 'laptop', kind: 'edit' } as const;
const message = { user: 'u1', session: 'laptop', kind: 'message' } as const;

describe('a change', () => {
  it('is told after a while, once, to those whom the store names, and not to its own device', async () => {
    found = { recipients: [{ session: 'phone', target }], leftAlone: null };
    wakes.changed(edit);
    await pass(49);
    expect(claims).toEqual([]);
    await pass(1);
    expect(claims).toEqual([{ user: 'u1', aware: ['laptop'], changedAt: now - 50, now, wokenBefore: now - 1_000 }]);
    expect(told).toEqual(['phone']);
    await pass(100_000);
    expect(claims).toHaveLength(1);
  });

  it('is one with those that come meanwhile; then only the last device knows of all', async () => {
    wakes.changed(edit);
    await pass(40);
    wakes.changed({ ...edit, session: 'phone' });
    await pass(10);
    expect(claims).toMatchObject([{ aware: ['phone'], changedAt: now - 10 }]);
    await pass(1_000);
    expect(claims).toHaveLength(1);
  });

  it('is known to who has asked meanwhile', async () => {
    wakes.caughtUp('u1', 'tablet');
    wakes.changed(edit);
    wakes.caughtUp('u1', 'phone');
    wakes.caughtUp('u2', 'theirs');
    await pass(50);
    expect(claims).toMatchObject([{ aware: ['laptop', 'phone'] }]);
  });

  it('of the tutor hurries what waits, and an edit does not slow it down', async () => {
    wakes.changed(edit);
    wakes.changed(message);
    wakes.changed(edit);
    await pass(10);
    expect(claims).toMatchObject([{ wokenBefore: now - 100 }]);
  });

  it('that comes too soon after a wake waits for its time, still without those who know', async () => {
    found = { recipients: [], leftAlone: 9_900 };
    wakes.changed(edit);
    await pass(50);
    wakes.caughtUp('u1', 'phone');
    found = { recipients: [{ session: 'tablet', target }], leftAlone: null };
    now = 10_900;
    await wakes.proceed();
    expect(claims).toHaveLength(1);
    now = 10_901;
    await wakes.proceed();
    expect(claims[1]).toMatchObject({ aware: ['laptop', 'phone'], wokenBefore: 9_901 });
    expect(told).toEqual(['tablet']);
  });

  it('that comes while the store is asked is told in its own time', async () => {
    found = { recipients: [], leftAlone: 9_900 };
    wakes.changed(edit);
    now += 50;
    const asked = wakes.proceed();
    wakes.changed({ ...edit, session: 'phone' });
    await asked;
    await pass(50);
    expect(claims[1]).toMatchObject({ aware: ['phone'] });
  });

  it('of one account among very many is told or left out, and memory is bounded', async () => {
    for (let at = 0; at < 10_050; at += 1) wakes.changed({ ...edit, user: `u${at}` });
    await pass(50);
    expect(claims).toHaveLength(10_000);
  });
});
