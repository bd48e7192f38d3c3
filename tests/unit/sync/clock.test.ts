import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLater, observe, stampAt, tick, timeOf } from '../../../src/sync/clock.ts';

const time = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe('the hybrid logical clock', () => {
  it('only goes forward, whatever the device clock does and whatever it sees', () => {
    const step = fc.oneof(
      time.map((now) => ({ now })),
      time.map((seen) => ({ seen: stampAt(seen) })),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let last = 0;
        for (const each of steps) {
          const next = 'now' in each ? tick(last, each.now) : observe(last, each.seen);
          if ('now' in each) expect(next).toBeGreaterThan(last);
          else expect(next).toBe(Math.max(last, each.seen));
          expect(Number.isSafeInteger(next)).toBe(true);
          last = next;
        }
      }),
    );
  });

  it('is the device time where that is ahead', () => {
    expect(timeOf(tick(stampAt(5), 9))).toBe(9);
    expect(timeOf(stampAt(9) + 1_023)).toBe(9);
    expect(timeOf(stampAt(9) + 1_024)).toBe(10);
  });

  it('orders writes by stamp, then by device', () => {
    const write = (stamp: number, device: string) => ({ stamp, device });
    expect(isLater(write(2, 'a'), write(1, 'b'))).toBe(true);
    expect(isLater(write(1, 'b'), write(2, 'a'))).toBe(false);
    expect(isLater(write(1, 'b'), write(1, 'a'))).toBe(true);
    expect(isLater(write(1, 'a'), write(1, 'a'))).toBe(false);
  });
});
