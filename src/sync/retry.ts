/** When to try again after a failure: full jitter with a ceiling, never sooner than the server asked for. */
import { errors, type Failure } from '../protocol/errors.ts';

const firstDelay = 2_000;
const longestDelay = 5 * 60_000;

/**
 * Milliseconds until the next attempt, or null when only the person (or another request) can help.
 * `attempts`: how many runs in a row failed, this one included. `random`: uniform in [0, 1).
 */
export function retryDelay(failure: Failure, attempts: number, random: number): number | null {
  const { retry } = errors[failure.code];
  if (retry === 'user' || retry === 'never') return null;
  const ceiling = Math.min(longestDelay, firstDelay * 2 ** Math.min(attempts - 1, 20));
  return Math.max(Math.ceil(random * ceiling), failure.retryAfter ?? 0);
}
