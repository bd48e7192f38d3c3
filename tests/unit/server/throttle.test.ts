import { describe, expect, it } from 'vitest';
import { networkOf } from '../../../src/server/http/sign-in-guard.ts';
import { createThrottle } from '../../../src/server/http/throttle.ts';

function throttleAt(slots?: number) {
  let now = 1_000_000;
  const options = { freeTries: 3, firstDelay: 10, longestDelay: 100, forgetOne: 1_000 };
  const throttle = createThrottle({ clock: { now: () => now }, ...options, ...(slots ? { slots } : {}) });
  return { throttle, pass: (time: number) => (now += time) };
}

describe('a guesser', () => {
  it('waits twice as long after each try, up to the longest, and every wait is the truth', () => {
    const { throttle, pass } = throttleAt();
    const waits: number[] = [];
    for (let tries = 0; tries < 9;) {
      const wait = throttle.take('ana');
      if (wait === 0) tries += 1;
      else waits.push(wait);
      pass(wait);
    }
    expect(waits).toEqual([10, 20, 40, 80, 100, 100]);
  });

  it('does not wait longer for knocking meanwhile', () => {
    const { throttle, pass } = throttleAt();
    for (let at = 0; at < 3; at += 1) throttle.take('ana');
    for (let at = 0; at < 500; at += 1) expect(throttle.take('ana')).toBe(10);
    pass(9);
    expect(throttle.take('ana')).toBe(1);
    pass(1);
    expect(throttle.take('ana')).toBe(0);
  });

  it('does not slow others down', () => {
    const { throttle } = throttleAt();
    for (let at = 0; at < 4; at += 1) throttle.take('ana');
    expect(throttle.take('berta')).toBe(0);
  });

  it('is forgotten slowly, one try at a time', () => {
    const { throttle, pass } = throttleAt();
    for (let at = 0; at < 3; at += 1) throttle.take('ana');
    pass(1_000);
    expect([throttle.take('ana'), throttle.take('ana')]).toEqual([0, 10]);
    pass(60_000);
    expect([1, 2, 3, 4].map(() => throttle.take('ana'))).toEqual([0, 0, 0, 10]);
  });

  it('stays known however many other names are tried, in the same memory', () => {
    const { throttle } = throttleAt(256);
    for (let at = 0; at < 3; at += 1) throttle.take('victim');
    for (let at = 0; at < 10_000; at += 1) throttle.take(`junk ${at}`);
    expect(throttle.take('victim')).toBeGreaterThan(0);
  });

  it('does not wait for ever when the clock is set back', () => {
    const { throttle, pass } = throttleAt();
    for (let at = 0; at < 3; at += 1) throttle.take('ana');
    pass(-500_000);
    pass(throttle.take('ana'));
    expect(throttle.take('ana')).toBe(0);
  });
});

describe('a right try', () => {
  it('starts anew what belongs to one person', () => {
    const { throttle } = throttleAt();
    for (let at = 0; at < 3; at += 1) throttle.take('ana');
    throttle.forgive('ana');
    expect([1, 2, 3, 4].map(() => throttle.take('ana'))).toEqual([0, 0, 0, 10]);
  });

  it('does not count where many share a key', () => {
    const { throttle } = throttleAt();
    for (let at = 0; at < 50; at += 1) {
      expect(throttle.take('school')).toBe(0);
      throttle.giveBack('school');
    }
  });

  it('does not wipe out the wrong ones before it', () => {
    const { throttle } = throttleAt();
    for (let at = 0; at < 4; at += 1) throttle.take('school');
    throttle.giveBack('school');
    expect([throttle.take('school'), throttle.take('school')]).toEqual([0, 10]);
  });
});

describe('an address', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:0:1:aaaa::1', '2001:db8:0:1'],
    ['2001:db8:0:1:bbbb:1:2:3', '2001:db8:0:1'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('%s is counted as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
