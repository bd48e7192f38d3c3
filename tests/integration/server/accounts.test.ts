/** Sign-up, sign-in, the session cookie, sign-out, and what slows down a guesser. */
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorReply, SessionReply } from '../../../src/protocol/messages.ts';
import { buildTestServer, openTestStore, type TestServer } from '../../support/server-harness.ts';
import { cookieOf, sameOrigin, signUp, sync, testTime } from '../../support/server-requests.ts';

const day = 86_400_000;
let server: TestServer;
let now = testTime;
beforeAll(async () => {
  server = await buildTestServer({ now: () => now });
});
afterAll(() => server.close());

type Method = 'GET' | 'POST' | 'DELETE';

interface Call {
  readonly body?: object;
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly remoteAddress?: string;
}

function call(route: `${Method} ${string}`, { body, cookie, headers, remoteAddress }: Call = {}, at = server) {
  const [method, url] = route.split(' ') as [Method, string];
  return at.app.inject({
    method,
    url,
    headers: { ...sameOrigin, ...(cookie === undefined ? {} : { cookie }), ...headers },
    ...(body ? { payload: body } : {}),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  });
}

function outcome(reply: LightMyRequestResponse): unknown {
  return reply.statusCode >= 400 ? [reply.statusCode, reply.json<ErrorReply>().error.code] : reply.statusCode;
}

const password = 'correct horse';

describe('sign-up', () => {
  it('makes an account and signs in', async () => {
    const reply = await call('POST /api/account', { body: { name: '  Ana María ', password, deviceName: 'Phone' } });
    expect(reply.statusCode).toBe(201);
    const { user } = reply.json<SessionReply>();
    expect(user.name).toBe('Ana María');
    const who = { user: user.id, cookie: cookieOf(reply.headers['set-cookie']) };
    expect((await sync(server, who)).cursor).toBe(0);
  });

  it('does not show the password or its hash in the reply', async () => {
    const reply = await call('POST /api/account', { body: { name: 'hash seeker', password } });
    expect(Object.keys(reply.json<SessionReply>().user)).toEqual(['id', 'name']);
    expect(reply.body).not.toMatch(/argon|correct/);
  });

  it.each([
    ['empty', ''],
    ['blank', '   '],
    ['81 characters', 'x'.repeat(81)],
    ['a line break', 'a\nb'],
    ['nothing that can be seen', '\u200b\u200b'],
    ['turned-around text', 'ana\u202etxt'],
    ['half a character', 'ana\ud83d'],
  ])('refuses a name that is %s', async (_name, name) => {
    expect(outcome(await call('POST /api/account', { body: { name, password } }))).toEqual([400, 'invalid_name']);
  });

  it('takes a name of 80 characters, counting emoji as one each', async () => {
    expect(outcome(await call('POST /api/account', { body: { name: '🦜'.repeat(80), password } }))).toBe(201);
  });

  it.each([
    ['7 characters', '1234567'],
    ['257 characters', 'x'.repeat(257)],
  ])('refuses a password of %s', async (_name, wrong) => {
    const reply = await call('POST /api/account', { body: { name: 'someone new', password: wrong } });
    expect(outcome(reply)).toEqual([400, 'invalid_password']);
  });

  it.each([['Bob'], ['bob'], ['BOB'], [' bob '], ['Ｂｏｂ'], ['b\u200bob']])(
    'finds the name taken: %s',
    async (name) => {
      await call('POST /api/account', { body: { name: 'Bob', password } });
      expect(outcome(await call('POST /api/account', { body: { name, password } }))).toEqual([409, 'name_taken']);
    },
  );

  it('gives a name to one of two that ask at once', async () => {
    const body = { name: 'at once', password };
    const replies = await Promise.all([call('POST /api/account', { body }), call('POST /api/account', { body })]);
    expect(replies.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409]);
  });

  it.each([
    ['no body', undefined],
    ['a list', []],
    ['no password', { name: 'x' }],
    ['a number as name', { name: 7, password }],
    ['an unknown property', { name: 'x', password, admin: true }],
  ])('refuses a body of the wrong shape: %s', async (_name, body) => {
    expect(outcome(await call('POST /api/account', body ? { body } : {}))).toEqual([400, 'invalid']);
  });
});

describe('sign-in', () => {
  it('opens the same account on a second device', async () => {
    const who = await signUp(server, 'Two Devices');
    const reply = await call('POST /api/session', { body: { name: 'two devices', password } });
    expect(reply.statusCode).toBe(200);
    expect(reply.json<SessionReply>().user).toEqual({ id: who.user, name: 'Two Devices' });
    expect(cookieOf(reply.headers['set-cookie'])).not.toBe(who.cookie);
    await sync(server, who);
    await sync(server, { user: who.user, cookie: cookieOf(reply.headers['set-cookie']) });
  });

  it('knows the password however the keyboard composed its accents', async () => {
    await call('POST /api/account', { body: { name: 'composer', password: 'caf\u00e9 con leche' } });
    const reply = await call('POST /api/session', { body: { name: 'composer', password: 'cafe\u0301 con leche' } });
    expect(reply.statusCode).toBe(200);
  });

  it('says the same for a wrong password and an unknown name', async () => {
    await signUp(server, 'Known');
    const wrong = await call('POST /api/session', { body: { name: 'Known', password: 'wrong horse' } });
    const unknown = await call('POST /api/session', { body: { name: 'Unknown', password } });
    const short = await call('POST /api/session', { body: { name: 'Known', password: '' } });
    for (const reply of [wrong, unknown, short]) {
      expect(outcome(reply)).toEqual([401, 'wrong_credentials']);
      expect(reply.json<ErrorReply>().error.message).toBe(wrong.json<ErrorReply>().error.message);
      expect(reply.headers['set-cookie']).toBeUndefined();
    }
  });

  it('ends the session that the browser had before', async () => {
    const before = await signUp(server, 'Before');
    await signUp(server, 'After');
    await call('POST /api/session', { body: { name: 'After', password }, cookie: before.cookie });
    expect(outcome(await call('GET /api/session', { cookie: before.cookie }))).toEqual([401, 'signed_out']);
  });
});

describe('the session cookie', () => {
  it('is out of reach of scripts and of other sites, and lasts 180 days', async () => {
    const reply = await call('POST /api/account', { body: { name: 'cookie', password } });
    const cookie = String(reply.headers['set-cookie']);
    expect(cookie).toMatch(/^lorikeet_session=[\w-]{43}; /);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Lax');
    expect(cookie).toContain('Path=/');
    expect(cookie).toContain(`Max-Age=${180 * 86_400}`);
    expect(cookie).not.toContain('Domain');
  });

  it.each([
    ['localhost', false],
    ['localhost:8787', false],
    ['127.0.0.1:8787', false],
    ['[::1]:8787', false],
    ['lorikeet.example', true],
    ['192.168.0.7:8787', true],
    ['localhost.evil.example', true],
  ])('on %s is secure: %s', async (host, secure) => {
    const headers = { host, origin: `http://${host}` };
    const reply = await call('POST /api/account', { body: { name: `host ${host}`, password }, headers });
    expect(reply.statusCode).toBe(201);
    expect(String(reply.headers['set-cookie']).includes('; Secure')).toBe(secure);
  });

  it('is never stored: the store holds only its hash', async () => {
    const store = openTestStore(':memory:');
    const hashes: string[] = [];
    const spied = await buildTestServer({
      store: { ...store, createSession: (session) => (hashes.push(session.tokenHash), store.createSession(session)) },
    });
    const who = await signUp(spied);
    await spied.close();
    expect(hashes).toHaveLength(1);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(who.cookie).not.toContain(hashes[0]);
  });

  it('is renewed at most once a day, and then lasts 180 days again', async () => {
    const who = await signUp(server);
    const whoami = () => call('GET /api/session', { cookie: who.cookie });
    expect((await whoami()).headers['set-cookie']).toBeUndefined();
    now = testTime + day + 1;
    expect(cookieOf((await whoami()).headers['set-cookie'])).toBe(who.cookie);
    expect((await whoami()).headers['set-cookie']).toBeUndefined();
    now = testTime + day + 180 * day;
    expect((await whoami()).statusCode).toBe(200);
    now += 180 * day + 2;
    expect(outcome(await whoami())).toEqual([401, 'signed_out']);
    now = testTime;
  });
});

describe('who is signed in', () => {
  it('is told to the cookie that is good', async () => {
    const who = await signUp(server, 'Who Am I');
    const reply = await call('GET /api/session', { cookie: who.cookie });
    expect(reply.json()).toEqual({ user: { id: who.user, name: 'Who Am I' } });
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  it('is nobody without one', async () => {
    expect(outcome(await call('GET /api/session'))).toEqual([401, 'signed_out']);
  });
});

describe('sign-out', () => {
  it('ends this session, forgets the cookie, and leaves other devices signed in', async () => {
    const first = await signUp(server, 'Leaver');
    const second = await call('POST /api/session', { body: { name: 'leaver', password } });
    const reply = await call('DELETE /api/session', { cookie: first.cookie });
    expect(reply.statusCode).toBe(204);
    expect(String(reply.headers['set-cookie'])).toMatch(/^lorikeet_session=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/);
    expect(outcome(await call('GET /api/session', { cookie: first.cookie }))).toEqual([401, 'signed_out']);
    const cookie = cookieOf(second.headers['set-cookie']);
    expect((await call('GET /api/session', { cookie })).statusCode).toBe(200);
  });

  it('done twice, or by nobody, is no error', async () => {
    const who = await signUp(server);
    for (let turn = 0; turn < 2; turn += 1) {
      expect((await call('DELETE /api/session', { cookie: who.cookie })).statusCode).toBe(204);
    }
    expect((await call('DELETE /api/session')).statusCode).toBe(204);
  });
});

describe('guessing', () => {
  it('is stopped by name, from whatever address, and says when to come back', async () => {
    const strict = await buildTestServer({ config: { signInTries: 3 } });
    const guess = (name: string, at: number) =>
      call('POST /api/session', { body: { name, password: `guess ${at}` }, remoteAddress: `10.0.0.${at}` }, strict);
    for (let at = 0; at < 3; at += 1) expect(outcome(await guess('Victim', at))).toEqual([401, 'wrong_credentials']);
    const stopped = await guess('ｖictim', 4);
    expect(outcome(stopped)).toEqual([429, 'too_many_requests']);
    expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
    expect(outcome(await guess('Other', 5))).toEqual([401, 'wrong_credentials']);
    await strict.close();
  });

  it('is stopped by address, over sign-in and sign-up together', async () => {
    const strict = await buildTestServer({ config: { signInTries: 2 } });
    const routes = ['POST /api/session', 'POST /api/account'] as const;
    const outcomes: unknown[] = [];
    for (let at = 0; at < 7; at += 1) {
      outcomes.push(outcome(await call(routes[at % 2]!, { body: { name: `n${at}`, password } }, strict)));
    }
    expect(outcomes.at(-1)).toEqual([429, 'too_many_requests']);
    expect(outcomes.slice(0, 6)).not.toContainEqual([429, 'too_many_requests']);
    const elsewhere = { body: { name: 'fresh', password }, remoteAddress: '10.9.9.9' };
    expect(outcome(await call('POST /api/account', elsewhere, strict))).toBe(201);
    await strict.close();
  });

  it('cannot hide behind a made-up address, unless a proxy is trusted', async () => {
    const strict = await buildTestServer({ config: { signInTries: 1 } });
    const outcomes: unknown[] = [];
    for (let at = 0; at < 4; at += 1) {
      const headers = { 'x-forwarded-for': `10.0.0.${at}` };
      outcomes.push(outcome(await call('POST /api/session', { body: { name: `m${at}`, password }, headers }, strict)));
    }
    expect(outcomes.at(-1)).toEqual([429, 'too_many_requests']);
    await strict.close();
  });
});
