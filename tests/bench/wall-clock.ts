/**
 * One clock for several processes of one machine, in fractions of a millisecond. `Date.now()` is the machine's clock cut
 * to whole milliseconds; the largest difference to `performance.now()` over many readings is that of a moment just after
 * a tick, and so the true one.
 */
const readings = 20_000;

export function createWallClock(): () => number {
  let offset = -Infinity;
  for (let reading = 0; reading < readings; reading += 1) {
    const now = performance.now();
    offset = Math.max(offset, Date.now() - now);
  }
  return () => performance.now() + offset;
}
