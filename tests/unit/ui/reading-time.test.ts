import { describe, expect, it } from 'vitest';
import { ReadingTime } from '../../../src/ui/state/reading-time.ts';

const minute = 60_000;

describe('the time of reading', () => {
  it('is told in whole minutes when the text goes out of view', () => {
    const { reading, pass, told } = reader();
    reading.begin();
    pass(2.5);
    reading.end();
    expect(told).toEqual([2]);
  });

  it('of less than a minute is not told, and goes on counting later', () => {
    const { reading, pass, told } = reader();
    reading.begin();
    pass(0.7);
    reading.end();
    expect(told).toEqual([]);
    pass(60);
    reading.begin();
    pass(0.4);
    reading.end();
    expect(told).toEqual([1]);
  });

  it('is told once, however often the text goes', () => {
    const { reading, pass, told } = reader();
    reading.begin();
    pass(1.2);
    reading.end();
    reading.end();
    reading.begin();
    pass(0.5);
    reading.end();
    expect(told).toEqual([1]);
  });

  it('goes on from one sign of the reader to the next', () => {
    const { reading, pass, told } = reader();
    reading.begin();
    for (let scroll = 0; scroll < 5; scroll += 1) {
      pass(2);
      reading.begin();
      reading.sign();
    }
    reading.end();
    expect(told).toEqual([10]);
  });

  it('leaves out the time in which nobody was there', () => {
    const { reading, pass, told } = reader();
    reading.begin();
    pass(50);
    reading.sign();
    pass(1);
    reading.end();
    expect(told).toEqual([4]);
  });

  it('is not told of a text that nobody has seen, nor of a clock that went back', () => {
    const { reading, pass, told } = reader();
    reading.sign();
    pass(5);
    reading.end();
    reading.begin();
    pass(-60);
    reading.end();
    expect(told).toEqual([]);
  });
});

function reader() {
  let now = 1_800_000_000_000;
  const told: number[] = [];
  const reading = new ReadingTime({ now: () => now, keep: (minutes) => told.push(minutes) });
  return { reading, told, pass: (minutes: number) => (now += minutes * minute) };
}
