/** How often somebody may try to sign in, sign up or prove who they are: by account, and by address over all of these. */
import { isIPv6 } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerClock } from './clock.ts';
import { RequestFailure } from './request-failure.ts';
import { createThrottle, type Throttle } from './throttle.ts';

const second = 1_000;
const minute = 60 * second;
/** Many people share an address: a school, a mobile network. */
const addressFactor = 3;

export interface SignInGuard {
  /** A hook: counts a try of the request's address, or refuses the request. */
  readonly byAddress: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** Counts a try for an account, by whatever names it; throws the refusal when it is not time for one. */
  byAccount(reply: FastifyReply, account: string): void;
  /** The last try of this request was right. */
  succeeded(request: FastifyRequest, account: string | null): void;
}

interface GuardOptions {
  readonly clock: ServerClock;
  /** Tries with one account before delays begin. */
  readonly tries: number;
}

export function createSignInGuard({ clock, tries }: GuardOptions): SignInGuard {
  const accounts = createThrottle({
    clock,
    freeTries: tries,
    firstDelay: 10 * second,
    longestDelay: 15 * minute,
    forgetOne: 15 * minute,
  });
  const addresses = createThrottle({
    clock,
    freeTries: tries * addressFactor,
    firstDelay: 5 * second,
    longestDelay: 5 * minute,
    forgetOne: 30 * second,
  });
  return {
    byAddress: async (request, reply) => refuseUntilTime(reply, addresses, networkOf(request.ip)),
    byAccount: (reply, account) => refuseUntilTime(reply, accounts, account),
    succeeded(request, account) {
      addresses.giveBack(networkOf(request.ip));
      if (account !== null) accounts.forgive(account);
    },
  };
}

function refuseUntilTime(reply: FastifyReply, throttle: Throttle, key: string): void {
  const wait = throttle.take(key);
  if (wait === 0) return;
  reply.header('retry-after', Math.ceil(wait / second));
  throw new RequestFailure('too_many_requests');
}

/** Whoever has one IPv6 address has 2^64 of them: they count as one. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
