import { describe, expect, it } from 'vitest';
import { errors, type ErrorCode } from '../../../src/protocol/errors.ts';
import { retryDelay } from '../../../src/sync/retry.ts';

describe('the next attempt', () => {
  it('waits a random part of a ceiling that doubles with each failure in a row', () => {
    const ceilings = [1, 2, 3, 4].map((attempts) => retryDelay({ code: 'offline' }, attempts, 1));
    expect(ceilings).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(retryDelay({ code: 'offline' }, 3, 0.25)).toBe(2_000);
    expect(retryDelay({ code: 'offline' }, 3, 0)).toBe(0);
  });

  it('never waits longer than five minutes by itself, after however many failures', () => {
    for (const attempts of [9, 30, 5_000]) expect(retryDelay({ code: 'timeout' }, attempts, 1)).toBe(300_000);
  });

  it('is not sooner than the server asked for', () => {
    expect(retryDelay({ code: 'too_many_requests', retryAfter: 60_000 }, 1, 0.5)).toBe(60_000);
    expect(retryDelay({ code: 'too_many_requests', retryAfter: 10 }, 5, 1)).toBe(32_000);
  });

  it.each(Object.keys(errors) as ErrorCode[])('after %s follows its class', (code) => {
    const waits = errors[code].retry === 'now' || errors[code].retry === 'backoff';
    expect(retryDelay({ code }, 1, 0.5)).toBe(waits ? 1_000 : null);
  });
});
