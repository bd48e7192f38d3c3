/**
 * Hybrid logical clock, packed into one safe integer: milliseconds × 1024 + counter. Two stamps compare as numbers;
 * between devices the device id breaks a tie. More than 1,024 ticks in a millisecond run ahead into the next.
 */
import type { Stamp } from '../protocol/messages.ts';

const ticksPerMillisecond = 1024;

/** The next stamp: after every earlier one, and not before the device's time. */
export function tick(last: Stamp, now: number): Stamp {
  return Math.max(last + 1, now * ticksPerMillisecond);
}

/** The clock after seeing another's stamp: what is written next counts as later. */
export function observe(last: Stamp, seen: Stamp): Stamp {
  return Math.max(last, seen);
}

/** Milliseconds since 1970 of a stamp. */
export function timeOf(stamp: Stamp): number {
  return Math.floor(stamp / ticksPerMillisecond);
}

/** The first stamp of a millisecond. */
export function stampAt(time: number): Stamp {
  return time * ticksPerMillisecond;
}

/** Whether write a comes after write b in the one order that all devices agree on. */
export function isLater(a: { stamp: Stamp; device: string }, b: { stamp: Stamp; device: string }): boolean {
  return a.stamp !== b.stamp ? a.stamp > b.stamp : a.device > b.device;
}
