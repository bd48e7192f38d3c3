/**
 * Who is signed in. The cookie holds 32 random bytes and nothing else; the store holds only their SHA-256, so that a copy
 * of the database signs nobody in.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Account, AccountStore } from '../account-store.ts';
import type { ServerClock } from './clock.ts';

export const sessionCookie = 'lorikeet_session';

const day = 86_400_000;
/** Sliding: counted from the last day on which the session was used. */
const lifetime = 180 * day;
/** How coarsely the list of sessions knows when one was last used: it costs a write. */
const useGrain = 3_600_000;

export interface SignedIn {
  readonly user: Account;
  /** Names the session in the list of sessions. */
  readonly id: string;
  /** Names the session in the store and among the open event streams. */
  readonly tokenHash: string;
}

export interface Sessions {
  /** Null when the request carries no session that is good now. Notes its use, coarsely; renews it at most once a day. */
  current(request: FastifyRequest, reply: FastifyReply): Promise<SignedIn | null>;
  open(reply: FastifyReply, session: { user: Account; deviceName: string }): Promise<void>;
  /** Ends the request's session, where it has one, and gives the hash that named it. */
  end(request: FastifyRequest, reply: FastifyReply): Promise<string | null>;
  isGood(tokenHash: string): Promise<boolean>;
}

export function createSessions({ store, clock }: { store: AccountStore; clock: ServerClock }): Sessions {
  return {
    async current(request, reply) {
      const token = tokenOf(request);
      if (token === null) return null;
      const now = clock.now();
      const tokenHash = hashOf(token);
      const session = await store.findSession(tokenHash, now);
      if (!session) return null;
      const renews = session.expiresAt < now + lifetime - day;
      if (renews || session.usedAt < now - useGrain) {
        const expiresAt = renews ? now + lifetime : session.expiresAt;
        await store.touchSession(tokenHash, { usedAt: now, expiresAt });
      }
      if (renews) reply.setCookie(sessionCookie, token, cookieOptions(request));
      return { user: session.user, id: session.id, tokenHash };
    },

    async open(reply, { user, deviceName }) {
      const token = randomBytes(32).toString('base64url');
      const now = clock.now();
      await store.createSession({
        id: randomUUID(),
        tokenHash: hashOf(token),
        user: user.id,
        deviceName,
        now,
        expiresAt: now + lifetime,
      });
      reply.setCookie(sessionCookie, token, cookieOptions(reply.request));
    },

    async end(request, reply) {
      const token = tokenOf(request);
      if (token === null) return null;
      const tokenHash = hashOf(token);
      await store.deleteSession(tokenHash);
      reply.clearCookie(sessionCookie, cookieOptions(request));
      return tokenHash;
    },

    isGood: async (tokenHash) => (await store.findSession(tokenHash, clock.now())) !== null,
  };
}

function tokenOf(request: FastifyRequest): string | null {
  const token = request.cookies[sessionCookie];
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : null;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function cookieOptions(request: FastifyRequest): CookieSerializeOptions {
  return {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    // Safari refuses a Secure cookie from http://localhost.
    secure: request.protocol === 'https' || !isLoopback(request.hostname),
    maxAge: lifetime / 1_000,
  };
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}
