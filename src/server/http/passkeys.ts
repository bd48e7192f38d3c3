/**
 * Passkeys (WebAuthn): the ceremonies to add one and to show one. A ceremony's challenge lies in the store, named by a
 * cookie of its own that no script reads; it lives for minutes and is taken once, whatever comes of it. Passkeys are bound
 * to the server's origin, so there are none where it is not configured, but on a developer's own machine. A passkey is all that
 * is asked for, so the authenticator must have verified who holds it (docs/decisions/0098-who-holds-a-passkey.md).
 */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { err, ok, type Result } from '../../base/result.ts';
import type { PasskeyResponse } from '../../protocol/account-messages.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import type { Account, AccountStore, Ceremony, Passkey } from '../account-store.ts';
import type { ServerClock } from './clock.ts';
import { RequestFailure } from './request-failure.ts';
import { hashOf, isLoopback, isSecure } from './sessions.ts';

const ceremonyCookie = 'lorikeet_ceremony';
/** Time to find the security key, in milliseconds. */
const patience = 5 * 60_000;

export interface Passkeys {
  /** Whether there can be any. */
  offered(request: FastifyRequest): boolean;
  /** Options for `navigator.credentials.create`. */
  beginAdding(reply: FastifyReply, user: Account): Promise<object>;
  add(reply: FastifyReply, addition: Addition): Promise<Result<Passkey, ErrorCode>>;
  /** Options for `navigator.credentials.get`: any passkey for a sign-in, the user's own to confirm something. */
  beginShowing(reply: FastifyReply, user: Account | null): Promise<object>;
  /** The account that the passkey opens, or null. With a user, only that user's. */
  show(
    reply: FastifyReply,
    shown: { readonly response: PasskeyResponse; readonly user: Account | null },
  ): Promise<Account | null>;
}

interface Addition {
  readonly user: Account;
  readonly name: string;
  readonly response: PasskeyResponse;
}

interface PasskeysOptions {
  readonly store: AccountStore;
  readonly clock: ServerClock;
  /** Where the app is reached, or null: then only on loopback. */
  readonly publicOrigin: string | null;
}

export function createPasskeys({ store, clock, publicOrigin }: PasskeysOptions): Passkeys {
  const originOf = (request: FastifyRequest): string | null =>
    publicOrigin ?? (isLoopback(request.hostname) ? `${request.protocol}://${request.host}` : null);
  const siteOf = (request: FastifyRequest): { readonly origin: string; readonly domain: string } => {
    const origin = originOf(request);
    if (origin === null) throw new RequestFailure('not_found', 'this server has no PUBLIC_ORIGIN');
    return { origin, domain: new URL(origin).hostname };
  };

  const begin = async (reply: FastifyReply, ceremony: Omit<Ceremony, 'tokenHash' | 'expiresAt'>): Promise<void> => {
    const token = randomBytes(32).toString('base64url');
    const now = clock.now();
    await store.beginCeremony({ ...ceremony, tokenHash: hashOf(token), expiresAt: now + patience }, now);
    reply.setCookie(ceremonyCookie, token, { ...cookieOf(reply.request), maxAge: patience / 1_000 });
  };
  /** Null unless this browser began one for this purpose and this user, and has not tried it yet. */
  const take = async (reply: FastifyReply, wanted: Pick<Ceremony, 'purpose' | 'user'>): Promise<Ceremony | null> => {
    const token = reply.request.cookies[ceremonyCookie];
    if (token === undefined) return null;
    reply.clearCookie(ceremonyCookie, cookieOf(reply.request));
    const taken = await store.takeCeremony(hashOf(token), clock.now());
    return taken?.purpose === wanted.purpose && taken.user === wanted.user ? taken : null;
  };

  return {
    offered: (request) => originOf(request) !== null,

    async beginAdding(reply, user) {
      const { domain } = siteOf(reply.request);
      const known = await store.listPasskeys(user.id);
      const options = await generateRegistrationOptions({
        rpName: 'Lorikeet',
        rpID: domain,
        userID: new TextEncoder().encode(user.id),
        userName: user.name,
        attestationType: 'none',
        excludeCredentials: known.map(descriptorOf),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        timeout: patience,
      });
      await begin(reply, { challenge: options.challenge, purpose: 'add', user: user.id });
      return options;
    },

    async add(reply, { user, name, response }) {
      const { origin, domain } = siteOf(reply.request);
      const ceremony = await take(reply, { purpose: 'add', user: user.id });
      if (!ceremony) return err('passkey_refused');
      if ((await store.listPasskeys(user.id)).length >= limits.passkeys) return err('passkey_limit');
      const credential = await checked(async () => {
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          response: response as unknown as RegistrationResponseJSON,
          expectedChallenge: ceremony.challenge,
          expectedOrigin: origin,
          expectedRPID: domain,
          requireUserVerification: true,
        });
        return verified ? registrationInfo.credential : null;
      });
      if (!credential) return err('passkey_refused');
      const { id: credentialId, publicKey, counter, transports = [] } = credential;
      const passkey = { id: randomUUID(), credentialId, publicKey, counter, transports, name };
      const now = clock.now();
      if (!(await store.addPasskey({ ...passkey, user: user.id, now }))) return err('passkey_taken');
      return ok({ ...passkey, createdAt: now, usedAt: null });
    },

    async beginShowing(reply, user) {
      const { domain } = siteOf(reply.request);
      const own = user ? (await store.listPasskeys(user.id)).map(descriptorOf) : [];
      const options = await generateAuthenticationOptions({
        rpID: domain,
        ...(user ? { allowCredentials: own } : {}),
        userVerification: 'required',
        timeout: patience,
      });
      const purpose = user ? 'confirm' : 'sign-in';
      await begin(reply, { challenge: options.challenge, purpose, user: user?.id ?? null });
      return options;
    },

    async show(reply, { response, user }) {
      const { origin, domain } = siteOf(reply.request);
      const ceremony = await take(reply, { purpose: user ? 'confirm' : 'sign-in', user: user?.id ?? null });
      const found = ceremony && (await store.findPasskey(String(response['id'])));
      if (!found || (user && found.user.id !== user.id)) return null;
      const { credentialId, counter: counterBefore, publicKey } = found.passkey;
      const counter = await checked(async () => {
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response: response as unknown as AuthenticationResponseJSON,
          expectedChallenge: ceremony.challenge,
          expectedOrigin: origin,
          expectedRPID: domain,
          credential: { id: credentialId, publicKey: new Uint8Array(publicKey), counter: counterBefore },
          requireUserVerification: true,
        });
        return verified ? authenticationInfo.newCounter : null;
      });
      if (counter === null) return null;
      const used = await store.usePasskey({ credentialId, counterBefore, counter, now: clock.now() });
      return used ? found.user : null;
    },
  };
}

/** The library throws for whatever is wrong with an answer: another origin, another challenge, a counter that fell back. */
async function checked<T>(verify: () => Promise<T | null>): Promise<T | null> {
  try {
    return await verify();
  } catch {
    return null;
  }
}

function descriptorOf({ credentialId, transports }: Passkey): { id: string; transports: string[] } {
  return { id: credentialId, transports: [...transports] };
}

function cookieOf(request: FastifyRequest) {
  return { path: '/api', httpOnly: true, sameSite: 'strict', secure: isSecure(request) } as const;
}
