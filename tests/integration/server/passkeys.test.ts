/** Passkeys over HTTP: added, shown, renamed, removed; and every way in which one must be refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PasskeyItem, PasskeysReply } from '../../../src/protocol/account-messages.ts';
import { limits } from '../../../src/protocol/limits.ts';
import { AccountCaller, outcome } from '../../support/account-caller.ts';
import { buildTestServer, type TestServer } from '../../support/server-harness.ts';
import { testTime } from '../../support/server-requests.ts';
import { SoftAuthenticator } from '../../support/soft-authenticator.ts';

let server: TestServer;
let now = testTime;
beforeAll(async () => {
  server = await buildTestServer({ now: () => now });
});
afterAll(() => server.close());

const person = () => AccountCaller.signedUp(server);
const browser = () => new AccountCaller(server);

async function beginAdding(who: AccountCaller) {
  return (await who.call('POST /api/passkeys/options')).json<{ challenge: string; rp: { id: string } }>();
}

async function beginSignIn(who: AccountCaller) {
  return (await who.call('POST /api/session/passkey/options')).json<{ challenge: string; rpId: string }>();
}

async function withPasskey() {
  const who = await person();
  const key = new SoftAuthenticator();
  const added = await who.call('POST /api/passkeys', { name: 'Phone', passkey: key.create(await beginAdding(who)) });
  expect(added.statusCode).toBe(201);
  return { who, key, item: added.json<PasskeyItem>() };
}

const listOf = async (who: AccountCaller) => (await who.call('GET /api/passkeys')).json<PasskeysReply>().passkeys;

describe('a passkey', () => {
  it('is added, listed, renamed and removed', async () => {
    const { who, item } = await withPasskey();
    expect(await listOf(who)).toEqual([{ id: item.id, name: 'Phone', createdAt: testTime, usedAt: null }]);
    expect(outcome(await who.call(`PATCH /api/passkeys/${item.id}`, { name: 'Blue key' }))).toBe(204);
    expect((await listOf(who))[0]?.name).toBe('Blue key');
    expect(outcome(await who.call(`DELETE /api/passkeys/${item.id}`))).toBe(204);
    expect(await listOf(who)).toEqual([]);
  });

  it('signs in without a name, in another browser, again and again', async () => {
    const { who, key } = await withPasskey();
    for (let turn = 0; turn < 2; turn += 1) {
      const other = browser();
      const options = await beginSignIn(other);
      expect(options).not.toHaveProperty('allowCredentials');
      const reply = await other.call('POST /api/session/passkey', { passkey: key.get(options), deviceName: 'Tablet' });
      expect(reply.json()).toMatchObject({ user: { id: who.user } });
      expect(outcome(await other.call('GET /api/session'))).toBe(200);
    }
    expect((await listOf(who))[0]?.usedAt).toBe(testTime);
  });

  it('asks for user verification, and tells the authenticator which ones it has already', async () => {
    const { who, key } = await withPasskey();
    expect(await beginAdding(who)).toMatchObject({
      rp: { id: 'localhost', name: 'Lorikeet' },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [expect.objectContaining({ id: key.credentialId })],
    });
  });

  it('keeps its ceremony where no script and no other site reaches it', async () => {
    const reply = await browser().call('POST /api/session/passkey/options');
    const cookie = String(reply.headers['set-cookie']);
    expect(cookie).toMatch(/^lorikeet_ceremony=[\w-]{43}; Max-Age=300; Path=\/api; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(reply.json<{ challenge: string }>().challenge);
  });
});

describe('is refused', () => {
  const refused = [400, 'passkey_refused'];
  const signIn = async (who: AccountCaller, passkey: object) =>
    outcome(await who.call('POST /api/session/passkey', { passkey }));

  it('when its answer is sent a second time', async () => {
    const { key } = await withPasskey();
    const other = browser();
    const options = await beginSignIn(other);
    const ceremony = other.cookie;
    const answer = key.get(options);
    expect(await signIn(other, answer)).toBe(200);
    const thief = browser();
    thief.cookie = ceremony;
    expect(await signIn(thief, answer)).toEqual(refused);
  });

  it('after one failed answer to the same challenge', async () => {
    const { key } = await withPasskey();
    const other = browser();
    const options = await beginSignIn(other);
    const ceremony = other.cookie;
    expect(await signIn(other, new SoftAuthenticator().get(options))).toEqual(refused);
    other.cookie = ceremony;
    expect(await signIn(other, key.get(options))).toEqual(refused);
  });

  it('when the challenge is of another browser, none, or too old', async () => {
    const { key } = await withPasskey();
    const one = browser();
    const options = await beginSignIn(one);
    const another = browser();
    await beginSignIn(another);
    expect(await signIn(another, key.get(options))).toEqual(refused);
    expect(await signIn(browser(), key.get(options))).toEqual(refused);
    now = testTime + 5 * 60_000;
    expect(await signIn(one, key.get(options))).toEqual(refused);
    now = testTime;
  });

  it.each([['http://localhost:666'], ['https://localhost'], ['http://evil.example']])(
    'when it was shown to %s',
    async (origin) => {
      const { key } = await withPasskey();
      const other = browser();
      expect(await signIn(other, key.get(await beginSignIn(other), origin))).toEqual(refused);
      const who = await person();
      const passkey = new SoftAuthenticator().create(await beginAdding(who), origin);
      expect(outcome(await who.call('POST /api/passkeys', { name: 'x', passkey }))).toEqual(refused);
    },
  );

  it('when it was made for another site', async () => {
    const { key } = await withPasskey();
    const other = browser();
    const options = { ...(await beginSignIn(other)), rpId: 'evil.example' };
    expect(await signIn(other, key.get(options))).toEqual(refused);
  });

  it('when the authenticator did not verify who holds it: a key that was found opens nothing', async () => {
    const { key } = await withPasskey();
    const other = browser();
    const options = await beginSignIn(other);
    expect(options).toMatchObject({ userVerification: 'required' });
    key.verifies = false;
    expect(await signIn(other, key.get(options))).toEqual(refused);
    const who = await person();
    const passkey = Object.assign(new SoftAuthenticator(), { verifies: false }).create(await beginAdding(who));
    expect(outcome(await who.call('POST /api/passkeys', { name: 'x', passkey }))).toEqual(refused);
  });

  it('when its counter falls back, as that of a copy would', async () => {
    const { key } = await withPasskey();
    key.counter = 10;
    const first = browser();
    expect(await signIn(first, key.get(await beginSignIn(first)))).toBe(200);
    key.counter = 5;
    const second = browser();
    expect(await signIn(second, key.get(await beginSignIn(second)))).toEqual(refused);
  });

  it('when the signature is of another key', async () => {
    const { key } = await withPasskey();
    const other = browser();
    const forged = new SoftAuthenticator().get(await beginSignIn(other));
    expect(await signIn(other, { ...forged, id: key.credentialId, rawId: key.credentialId })).toEqual(refused);
  });

  it('when it was removed', async () => {
    const { who, key, item } = await withPasskey();
    await who.call(`DELETE /api/passkeys/${item.id}`);
    const other = browser();
    expect(await signIn(other, key.get(await beginSignIn(other)))).toEqual(refused);
  });

  it('when a ceremony to sign in is used to add, or the one of another account', async () => {
    const who = await person();
    const options = await beginSignIn(who);
    const passkey = new SoftAuthenticator().create({ ...options, rp: { id: options.rpId } });
    expect(outcome(await who.call('POST /api/passkeys', { name: 'x', passkey }))).toEqual(refused);
    const other = await person();
    const theirs = new SoftAuthenticator().create(await beginAdding(other));
    who.takeCookie('lorikeet_ceremony', other);
    expect(outcome(await who.call('POST /api/passkeys', { name: 'x', passkey: theirs }))).toEqual(refused);
  });

  it('when it belongs to another account already', async () => {
    const { key } = await withPasskey();
    const who = await person();
    const passkey = key.create(await beginAdding(who));
    expect(outcome(await who.call('POST /api/passkeys', { name: 'x', passkey }))).toEqual([409, 'passkey_taken']);
  });

  it('when there are as many as an account may have', async () => {
    const who = await person();
    const add = async () => {
      const passkey = new SoftAuthenticator().create(await beginAdding(who));
      return outcome(await who.call('POST /api/passkeys', { name: 'x', passkey }));
    };
    for (let at = 0; at < limits.passkeys; at += 1) expect(await add()).toBe(201);
    expect(await add()).toEqual([409, 'passkey_limit']);
  });

  it('by its list, when it is of another account', async () => {
    const { who, item } = await withPasskey();
    const thief = await person();
    expect(outcome(await thief.call(`PATCH /api/passkeys/${item.id}`, { name: 'mine' }))).toEqual([404, 'not_found']);
    expect(outcome(await thief.call(`DELETE /api/passkeys/${item.id}`))).toEqual([404, 'not_found']);
    expect((await listOf(who))[0]?.name).toBe('Phone');
  });

  it.each([
    ['GET /api/passkeys'],
    ['POST /api/passkeys/options'],
    ['POST /api/passkeys/confirmation'],
    ['DELETE /api/passkeys/x'],
  ] as const)('to nobody: %s', async (route) => {
    expect(outcome(await browser().call(route))).toEqual([401, 'signed_out']);
  });

  it.each([
    ['no response', { id: 'x', rawId: 'x', type: 'public-key' }],
    ['another type', { id: 'x', rawId: 'x', type: 'password', response: { clientDataJSON: 'x' } }],
    ['bytes that are none', { id: 'x', rawId: 'x', type: 'public-key', response: { clientDataJSON: '<>' } }],
    ['too much', { id: 'x', rawId: 'x', type: 'public-key', response: { clientDataJSON: 'x'.repeat(10_001) } }],
  ])('in the wrong shape: %s', async (_name, passkey) => {
    expect(await signIn(browser(), passkey)).toEqual([400, 'invalid']);
  });

  it('as rubbish of the right shape', async () => {
    const other = browser();
    await beginSignIn(other);
    const response = { clientDataJSON: 'e30', authenticatorData: '', signature: '' };
    expect(await signIn(other, { id: 'x', rawId: 'x', type: 'public-key', response })).toEqual(refused);
  });
});

describe('where the server is reached by a name', () => {
  const asked = { host: 'lorikeet.example', origin: 'https://lorikeet.example' };

  it('there are none until its origin is configured', async () => {
    const who = browser();
    expect((await who.call('GET /api/session/ways')).json()).toEqual({ passkey: true });
    const named = { host: 'lorikeet.example', origin: 'http://lorikeet.example' };
    expect((await who.call('GET /api/session/ways', undefined, named)).json()).toEqual({ passkey: false });
    const begun = await who.call('POST /api/session/passkey/options', undefined, named);
    expect(outcome(begun)).toEqual([404, 'not_found']);
  });

  it('they are bound to the configured origin, whatever host is asked for', async () => {
    const named = await buildTestServer({ config: { publicOrigin: 'https://lorikeet.example' } });
    const who = new AccountCaller(named);
    const begin = await who.call('POST /api/session/passkey/options', undefined, asked);
    expect(begin.json()).toMatchObject({ rpId: 'lorikeet.example' });
    expect(String(begin.headers['set-cookie'])).toContain('; Secure');
    const behind = { host: '10.0.0.7:8787', origin: 'https://lorikeet.example' };
    expect(outcome(await who.call('POST /api/session/passkey/options', undefined, behind))).toBe(200);
    const elsewhere = { host: 'evil.example', origin: 'https://evil.example' };
    const refusal = await who.call('POST /api/session/passkey/options', undefined, elsewhere);
    expect(outcome(refusal)).toEqual([403, 'forbidden_origin']);
    await named.close();
  });
});
