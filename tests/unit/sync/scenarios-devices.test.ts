/**
 * What happens between devices, as people meet it: conflicts, wrong clocks, and what the status says. What the first version's tests were about
 * (docs/spec/first-version.md), and the crossings of docs/spec/sync.md's checklist.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConflictStrategy } from '../../../src/schema/column.ts';
import { nameOn, report, TwoDevices } from '../../support/two-devices.ts';

const day = 86_400_000;

let world: TwoDevices;
beforeEach(() => {
  world = new TwoDevices();
});

describe('two edits of one name', () => {
  it.each<[ConflictStrategy, string, string]>([
    ['latest_timestamp', 'later, sent first', 'decided'],
    ['server_wins', 'later, sent first', 'decided'],
    ['local_wins', 'earlier, sent last', 'decided'],
    ['manual_review', 'later, sent first', 'open'],
  ])('under %s end with "%s" on every device, and the other is kept', async (strategy, stands, state) => {
    world.choose(strategy);
    world.saveProfile(world.phone, 'Ana');
    await world.meet();
    world.saveProfile(world.phone, 'earlier, sent last');
    world.saveProfile(world.laptop, 'later, sent first');
    await world.laptop.sync();
    await world.meet();
    expect([nameOn(world.phone), nameOn(world.laptop)]).toEqual([stands, stands]);
    const [conflict, ...more] = world.phone.all('SELECT kept_value, lost_value, state FROM conflict');
    expect(more).toEqual([]);
    expect(conflict).toMatchObject({ state, kept_value: JSON.stringify(stands) });
    expect(world.laptop.rows('conflict')).toEqual(world.phone.rows('conflict'));
  });
});

describe('a clock that is a day wrong', () => {
  it.each([
    ['ahead', day],
    ['behind', -day],
  ])('%s is noticed, and the edit that was made last still stands', async (_, by) => {
    world.ahead['phone'] = by;
    world.saveProfile(world.phone, 'first, by the wrong clock');
    await world.meet();
    world.saveProfile(world.laptop, 'last');
    await world.meet();
    expect([nameOn(world.phone), nameOn(world.laptop)]).toEqual(['last', 'last']);
    world.saveProfile(world.phone, 'very last, by the wrong clock');
    await world.meet();
    expect([nameOn(world.phone), nameOn(world.laptop)]).toEqual(Array(2).fill('very last, by the wrong clock'));
  });
});

describe('the status', () => {
  const status = () =>
    world.phone.all('SELECT last_sync_at, last_error, attempts, next_attempt_at FROM sync_state')[0]!;

  it('without a last sync says so', () => {
    expect(status()).toEqual({ last_sync_at: null, last_error: null, attempts: 0, next_attempt_at: null });
  });

  it('with a last sync says when, and when the next is due', async () => {
    await world.phone.sync();
    expect(status()).toEqual({
      last_sync_at: world.server.now,
      last_error: null,
      attempts: 0,
      next_attempt_at: world.server.now + 900_000,
    });
  });

  it('after a failure says which, keeps when the last one was, and plans the next', async () => {
    await world.phone.sync();
    const { now } = world.server;
    world.server.now += 1_000;
    world.offline = true;
    expect((await report(world.phone)).error).toMatchObject({ code: 'offline' });
    expect(status()).toMatchObject({ last_sync_at: now, last_error: 'offline', attempts: 1 });
    world.offline = false;
    await world.phone.sync();
    expect(status()).toMatchObject({ last_sync_at: world.server.now, last_error: null, attempts: 0 });
  });
});
