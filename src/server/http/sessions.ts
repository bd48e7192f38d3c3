/**
 * Who is signed in. The cookie holds 32 random bytes and nothing else; the store holds only their SHA-256, so that a copy
 * of the database signs nobody in.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Account, AccountStore } from '../account-store.ts';
import type { ServerClock } from './clock.ts';
import { RequestFailure } from './request-failure.ts';
import type { PokeHub } from './poke-hub.ts';

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
  /** Opens one in this browser, in place of the one it had. */
  open(reply: FastifyReply, session: { user: Account; deviceName: string }): Promise<void>;
  /** The same, for what only a person who is signed in may do: a failure `signed_out` ends the request. */
  required(request: FastifyRequest, reply: FastifyReply): Promise<SignedIn>;
  /** Ends the request's session, where it has one, and its event streams. */
  end(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Forgets the cookie of a session that was ended otherwise. */
  forget(reply: FastifyReply): void;
  isGood(tokenHash: string): Promise<boolean>;
}

interface SessionsOptions {
  readonly store: AccountStore;
  readonly clock: ServerClock;
  readonly hub: PokeHub;
}

export function createSessions({ store, clock, hub }: SessionsOptions): Sessions {
  const sessions: Sessions = {
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

    async required(request, reply) {
      const session = await sessions.current(request, reply);
      if (!session) throw new RequestFailure('signed_out');
      return session;
    },

    async open(reply, { user, deviceName }) {
      await sessions.end(reply.request, reply);
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
      if (token === null) return;
      const tokenHash = hashOf(token);
      await store.deleteSession(tokenHash);
      hub.closeSession(tokenHash);
      sessions.forget(reply);
    },

    forget: (reply) => void reply.clearCookie(sessionCookie, cookieOptions(reply.request)),

    isGood: async (tokenHash) => (await store.findSession(tokenHash, clock.now())) !== null,
  };
  return sessions;
}

function tokenOf(request: FastifyRequest): string | null {
  const token = request.cookies[sessionCookie];
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : null;
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function cookieOptions(request: FastifyRequest): CookieSerializeOptions {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(request), maxAge: lifetime / 1_000 };
}

/** Whether cookies carry `Secure`. Safari refuses such a cookie from http://localhost. */
export function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https' || !isLoopback(request.hostname);
}

export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}
