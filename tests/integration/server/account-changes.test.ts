/** Where one is signed in, another password, and the end of an account: over HTTP, with what others see of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionsReply } from '../../../src/protocol/account-messages.ts';
import { createPasswords } from '../../../src/server/http/passwords.ts';
import { AccountCaller, outcome, type Route } from '../../support/account-caller.ts';
import { buildTestServer, startTestServer, type TestServer } from '../../support/server-harness.ts';
import { settingInsert, syncCall, syncRequest, testTime } from '../../support/server-requests.ts';
import { SoftAuthenticator } from '../../support/soft-authenticator.ts';

const password = 'correct horse';
const hour = 3_600_000;
let server: TestServer;
let now = testTime;
let count = 0;
beforeAll(async () => {
  server = await buildTestServer({ now: () => now });
});
afterAll(() => server.close());

/** One person on two devices. */
async function twoDevices() {
  const name = `person ${(count += 1)}`;
  const phone = await AccountCaller.signedUp(server, name);
  const laptop = await AccountCaller.signedIn(server, { name, password });
  return { name, phone, laptop };
}

const sessionsOf = async (who: AccountCaller) => (await who.call('GET /api/sessions')).json<SessionsReply>().sessions;
const isIn = async (who: AccountCaller) => (await who.call('GET /api/session')).statusCode === 200;
const syncOf = (who: AccountCaller, at = server) =>
  at.app.inject(syncCall({ user: who.user, cookie: who.cookie }, syncRequest(who.user)));

describe('the list of sessions', () => {
  it('names the devices, with this one, and tells nothing of the cookie', async () => {
    const phone = new AccountCaller(server);
    await phone.call('POST /api/account', { name: 'Lister', password, deviceName: 'Chrome on Android' });
    now = testTime + 1_000;
    const laptop = new AccountCaller(server);
    await laptop.call('POST /api/session', { name: 'Lister', password, deviceName: 'Firefox on Linux' });
    const listed = await sessionsOf(phone);
    expect(listed.map(({ deviceName, current }) => [deviceName, current])).toEqual([
      ['Firefox on Linux', false],
      ['Chrome on Android', true],
    ]);
    expect(listed[1]).toMatchObject({ createdAt: testTime, usedAt: testTime });
    expect(Object.keys(listed[0]!).sort()).toEqual(['createdAt', 'current', 'deviceName', 'id', 'usedAt']);
    now = testTime;
  });

  it('knows the last use to within an hour', async () => {
    const { phone } = await twoDevices();
    const usedAt = async () => (await sessionsOf(phone)).find(({ current }) => current)?.usedAt;
    now = testTime + hour;
    expect(await usedAt()).toBe(testTime);
    now = testTime + hour + 1;
    expect(await usedAt()).toBe(now);
    now = testTime;
  });

  it('ends a session there: its next request is refused, the others go on', async () => {
    const { phone, laptop } = await twoDevices();
    const there = (await sessionsOf(phone)).find(({ current }) => !current)!;
    expect(outcome(await phone.call(`DELETE /api/sessions/${there.id}`))).toBe(204);
    expect(outcome(await syncOf(laptop))).toEqual([401, 'signed_out']);
    expect(outcome(await syncOf(phone))).toBe(200);
    expect(outcome(await phone.call(`DELETE /api/sessions/${there.id}`))).toEqual([404, 'not_found']);
  });

  it('ends this very session as a sign-out does', async () => {
    const { phone } = await twoDevices();
    const here = (await sessionsOf(phone)).find(({ current }) => current)!;
    await phone.call(`DELETE /api/sessions/${here.id}`);
    expect(phone.cookie).toBe('');
  });

  it('ends no session of another account', async () => {
    const { phone } = await twoDevices();
    const { phone: thief } = await twoDevices();
    const [session] = await sessionsOf(phone);
    expect(outcome(await thief.call(`DELETE /api/sessions/${session!.id}`))).toEqual([404, 'not_found']);
    expect(await isIn(phone)).toBe(true);
  });

  it('ends all sessions but this one', async () => {
    const { name, phone, laptop } = await twoDevices();
    const tablet = await AccountCaller.signedIn(server, { name, password });
    expect(outcome(await phone.call('DELETE /api/sessions'))).toBe(204);
    expect([await isIn(phone), await isIn(laptop), await isIn(tablet)]).toEqual([true, false, false]);
  });

  it('closes the event streams of the session that ends', async () => {
    // The heartbeat would end it as well, in its own time.
    const live = await startTestServer({ config: { heartbeat: 3_600_000 } });
    const phone = await AccountCaller.signedUp(live, 'streams');
    const laptop = await AccountCaller.signedIn(live, { name: 'streams', password });
    const stream = await fetch(`${live.url}/api/sync/events?device=b`, { headers: { cookie: laptop.cookie } });
    const over = stream.text();
    await phone.call('DELETE /api/sessions');
    expect(await over).toContain('event: poke');
    await live.close();
  });
});

describe('another password', () => {
  const change = (who: AccountCaller, proof: object, newPassword = 'another horse') =>
    who.call('PUT /api/account/password', { proof, newPassword });

  it('takes the place of the present one and signs out everywhere else', async () => {
    const { name, phone, laptop } = await twoDevices();
    expect(outcome(await change(phone, { password }))).toBe(204);
    expect([await isIn(phone), await isIn(laptop)]).toEqual([true, false]);
    const signIn = (guess: string) => new AccountCaller(server).call('POST /api/session', { name, password: guess });
    expect(outcome(await signIn(password))).toEqual([401, 'wrong_credentials']);
    expect(outcome(await signIn('another horse'))).toBe(200);
  });

  it('needs the present one', async () => {
    const { phone, laptop } = await twoDevices();
    for (const proof of [{}, { password: 'wrong horse' }, { password: '' }]) {
      expect(outcome(await change(phone, proof))).toEqual([403, 'wrong_password']);
    }
    expect(await isIn(laptop)).toBe(true);
  });

  it('must be long enough', async () => {
    const { phone } = await twoDevices();
    expect(outcome(await change(phone, { password }, 'short'))).toEqual([400, 'invalid_password']);
  });

  it('can be set with a passkey of the account, when the present one is forgotten', async () => {
    const { phone } = await twoDevices();
    const key = new SoftAuthenticator();
    const creation = (await phone.call('POST /api/passkeys/options')).json<{ challenge: string }>();
    await phone.call('POST /api/passkeys', { name: 'key', passkey: key.create(creation) });
    const { phone: thief } = await twoDevices();
    const options = async (who: AccountCaller) =>
      (await who.call('POST /api/passkeys/confirmation')).json<{ challenge: string }>();
    expect(outcome(await change(thief, { passkey: key.get(await options(thief)) }))).toEqual([400, 'passkey_refused']);
    expect(outcome(await change(phone, { passkey: key.get(await options(phone)) }))).toBe(204);
  });

  it('cannot be guessed at from a borrowed phone', async () => {
    const strict = await buildTestServer({ config: { signInTries: 3 }, now: () => now });
    const phone = await AccountCaller.signedUp(strict, 'borrowed');
    for (let at = 0; at < 3; at += 1) {
      expect(outcome(await change(phone, { password: `guess ${at}` }))).toEqual([403, 'wrong_password']);
    }
    const stopped = await change(phone, { password });
    expect(outcome(stopped)).toEqual([429, 'too_many_requests']);
    now += Number(stopped.headers['retry-after']) * 1_000;
    expect(outcome(await change(phone, { password }))).toBe(204);
    now = testTime;
    await strict.close();
  });
});

describe('the end of an account', () => {
  const end = (who: AccountCaller, proof: object) => who.call('POST /api/account/deletion', { proof });

  it('signs everybody out, frees the name, and tells its devices that it is gone', async () => {
    const { name, phone, laptop } = await twoDevices();
    const row = syncRequest(phone.user, { changes: [settingInsert('a', '1')] });
    await server.app.inject(syncCall({ user: phone.user, cookie: phone.cookie }, row));
    expect(outcome(await end(phone, { password }))).toBe(204);
    expect(phone.cookie).toBe('');
    expect(outcome(await syncOf(laptop))).toEqual([401, 'account_gone']);
    const signIn = await new AccountCaller(server).call('POST /api/session', { name, password });
    expect(outcome(signIn)).toEqual([401, 'wrong_credentials']);
    const again = await AccountCaller.signedUp(server, name);
    expect(again.user).not.toBe(phone.user);
    expect((await syncOf(again)).json()).toMatchObject({ cursor: 0, changes: [] });
  });

  it('needs the password, and nothing goes without it', async () => {
    const { phone, laptop } = await twoDevices();
    for (const proof of [{}, { password: 'wrong horse' }]) {
      expect(outcome(await end(phone, proof))).toEqual([403, 'wrong_password']);
    }
    expect([await isIn(phone), await isIn(laptop)]).toEqual([true, true]);
  });

  it('closes its event streams', async () => {
    // The heartbeat would end it as well, in its own time.
    const live = await startTestServer({ config: { heartbeat: 3_600_000 } });
    const phone = await AccountCaller.signedUp(live, 'leaver');
    const stream = await fetch(`${live.url}/api/sync/events`, { headers: { cookie: phone.cookie } });
    const over = stream.text();
    await end(phone, { password });
    expect(await over).toContain('event: poke');
    await live.close();
  });
});

describe('nobody', () => {
  const proof = { password };
  it.each<[Route, object?]>([
    ['GET /api/sessions'],
    ['DELETE /api/sessions'],
    ['DELETE /api/sessions/x'],
    ['PUT /api/account/password', { proof, newPassword: password }],
    ['POST /api/account/deletion', { proof }],
  ])('may %s', async (route, body) => {
    expect(outcome(await new AccountCaller(server).call(route, body))).toEqual([401, 'signed_out']);
  });

  it.each<[Route, object?]>([
    ['DELETE /api/sessions'],
    ['DELETE /api/sessions/x'],
    ['PUT /api/account/password', { proof, newPassword: 'another horse' }],
    ['POST /api/account/deletion', { proof }],
    ['POST /api/passkeys/options'],
    ['POST /api/passkeys/confirmation'],
    ['DELETE /api/passkeys/x'],
    ['PATCH /api/passkeys/x', { name: 'x' }],
    ['POST /api/session/passkey/options'],
  ])('on another site may make a browser %s', async (route, body) => {
    const { phone } = await twoDevices();
    const reply = await phone.call(route, body, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' });
    expect(outcome(reply)).toEqual([403, 'forbidden_origin']);
    expect(await isIn(phone)).toBe(true);
  });
});

describe('a name that nobody has', () => {
  it('takes as long to refuse as a wrong password', async () => {
    const passwords = await createPasswords();
    const known = await passwords.hash(password);
    const time = async (hash: string | null) => {
      const start = performance.now();
      await passwords.verify(hash, 'wrong horse');
      return performance.now() - start;
    };
    const times: { known: number; unknown: number }[] = [];
    for (let at = 0; at < 15; at += 1) times.push({ known: await time(known), unknown: await time(null) });
    const median = (of: 'known' | 'unknown') => times.map((pair) => pair[of]).sort((a, b) => a - b)[7]!;
    // Without a hash to check against, the unknown name would be answered a hundred times sooner.
    expect(median('unknown') / median('known')).toBeGreaterThan(0.4);
    expect(median('unknown') / median('known')).toBeLessThan(2.5);
  });
});
