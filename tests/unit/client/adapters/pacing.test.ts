import { beforeEach, describe, expect, it } from 'vitest';
import { createPacing, type Pacing } from '../../../../src/client/adapters/pacing.ts';
import { sparing } from '../../../../src/client/sparing.ts';
import type { Saving } from '../../../../src/client/sync-api.ts';

describe('requests for a sync', () => {
  let now: number;
  let saving: Saving;
  let waiting: number;
  let lastAt: number;
  let syncs: number;
  let planned: { at: number; work: () => void }[];
  let pacing: Pacing;

  beforeEach(() => {
    [now, saving, waiting, lastAt, syncs, planned] = [10_000_000, 'data', 1, 10_000_000, 0, []];
    pacing = createPacing({
      sync: () => {
        syncs += 1;
        lastAt = now;
      },
      moment: () => ({ saving, waiting, lastAt }),
      now: () => now,
      later: (milliseconds, work) => {
        const entry = { at: now + milliseconds, work };
        planned.push(entry);
        return () => {
          planned = planned.filter((each) => each !== entry);
        };
      },
    });
  });

  const pass = (milliseconds: number): void => {
    now += milliseconds;
    const due = planned.filter(({ at }) => at <= now);
    planned = planned.filter(({ at }) => at > now);
    for (const { work } of due) work();
  };

  it('go through at once where nothing is spared', () => {
    saving = null;
    pacing.request('change');
    pacing.request('poke');
    expect(syncs).toBe(2);
    expect(planned).toEqual([]);
  });

  it('of many changes become one sync after the pause', () => {
    for (let n = 0; n < 20; n += 1) pacing.request('change');
    expect(planned).toHaveLength(1);
    pass(sparing.sendEvery - 1);
    expect(syncs).toBe(0);
    pass(1);
    expect(syncs).toBe(1);
    expect(planned).toEqual([]);
  });

  it('that is more urgent than the one put off takes its place', () => {
    waiting = 0;
    pacing.request('interval');
    waiting = 1;
    pacing.request('change');
    expect(planned.map(({ at }) => at)).toEqual([lastAt + sparing.sendEvery]);
  });

  it('of the person go through at once and leave nothing put off', () => {
    pacing.request('change');
    pacing.request('person');
    expect(syncs).toBe(1);
    expect(planned).toEqual([]);
  });

  it('that are put off go through when the device need not be spared any more', () => {
    pacing.request('change');
    saving = null;
    pacing.reconsider();
    expect(syncs).toBe(1);
    expect(planned).toEqual([]);
  });

  it('are not made up where none was put off', () => {
    saving = null;
    pacing.reconsider();
    expect(syncs).toBe(0);
  });

  it('put off while another tab syncs wait for its pause too', () => {
    pacing.request('change');
    now += sparing.sendEvery - 1;
    lastAt = now;
    pass(1);
    expect(syncs).toBe(0);
    pass(sparing.sendEvery);
    expect(syncs).toBe(1);
  });
});
