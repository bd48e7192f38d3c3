/** What `POST /api/sync` refuses, in which order, and that a refusal repeats nothing of what was sent. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errors, type ErrorCode } from '../../../src/protocol/errors.ts';
import { limits } from '../../../src/protocol/limits.ts';
import type { ErrorReply } from '../../../src/protocol/messages.ts';
import { protocolVersion } from '../../../src/protocol/version.ts';
import { stampAt } from '../../../src/sync/clock.ts';
import { buildTestServer, type TestServer } from '../../support/server-harness.ts';
import {
  rowsOf,
  sameOrigin,
  settingInsert,
  settingUpdate,
  signUp,
  sync,
  syncCall,
  syncRequest,
  testTime,
  type SignedUp,
} from '../../support/server-requests.ts';

let server: TestServer;
let person: SignedUp;
let now = testTime;

beforeAll(async () => {
  server = await buildTestServer({ now: () => now });
  person = await signUp(server);
});
afterAll(() => server.close());

async function refusal(
  payload: unknown,
  who: SignedUp = person,
): Promise<{ status: number; error: ErrorReply['error'] }> {
  const reply = await server.app.inject(syncCall(who, payload));
  return { status: reply.statusCode, error: reply.json<ErrorReply>().error };
}

async function expectRefusal(payload: unknown, code: ErrorCode, who?: SignedUp): Promise<ErrorReply['error']> {
  const { status, error } = await refusal(payload, who);
  expect({ status, code: error.code }).toEqual({ status: errors[code].status, code });
  return error;
}

describe('a body that cannot be read', () => {
  it.each([
    ['nothing', ''],
    ['half a text', '{"protocol":1,"us'],
    ['no JSON', 'hello'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['a prototype as key', `{"protocol":${protocolVersion},"__proto__":{"admin":true}}`],
    ['a prototype as key, deep inside', `{"changes":[{"values":{"__proto__":{"admin":true}}}]}`],
    ['a prototype as key, escaped', String.raw`{"\u005f_proto__":{"admin":true}}`],
    ['a constructor with a prototype', '{"constructor":{"prototype":{"admin":true}}}'],
  ])('is malformed: %s', async (_name, body) => {
    await expectRefusal(body, 'malformed');
  });

  it('is refused by its type when it is no JSON', async () => {
    const call = syncCall(person, JSON.stringify(syncRequest(person.user)));
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream', 'nonsense']) {
      const reply = await server.app.inject({ ...call, headers: { ...call.headers, 'content-type': type } });
      expect([type, reply.statusCode, reply.json<ErrorReply>().error.code]).toEqual([
        type,
        415,
        'unsupported_media_type',
      ]);
    }
  });

  it('is too large above the limit, and is read at the limit', async () => {
    const request = JSON.stringify(syncRequest(person.user));
    await expectRefusal(request.padEnd(limits.requestBytes + 1, ' '), 'too_large');
    const reply = await server.app.inject(syncCall(person, request.padEnd(limits.requestBytes, ' ')));
    expect(reply.statusCode).toBe(200);
  });
});

describe('a version that is not ours', () => {
  it('is outdated before anything else is looked at', async () => {
    const nobody = { user: 'x', cookie: 'lorikeet_session=none' };
    for (const protocol of [protocolVersion + 1, 0, -1, 99]) {
      const error = await expectRefusal({ protocol, something: { quite: 'different' } }, 'outdated', nobody);
      expect(error.serverTime).toBe(testTime);
    }
  });

  it('is invalid when it is no whole number', async () => {
    for (const protocol of ['1', 1.5, null, {}, [1]]) {
      await expectRefusal({ ...syncRequest(person.user), protocol }, 'invalid');
    }
  });
});

describe('a body of the wrong shape', () => {
  const change = settingInsert('a', '1');
  const wrongRequests: [string, object][] = [
    ['user missing', { user: undefined }],
    ['user empty', { user: '' }],
    ['device empty', { device: '' }],
    ['device with spaces', { device: 'a b' }],
    ['device too long', { device: 'd'.repeat(limits.idLength + 1) }],
    ['cursor negative', { cursor: -1 }],
    ['cursor a text', { cursor: '0' }],
    ['cursor a fraction', { cursor: 0.5 }],
    ['cursor unsafe', { cursor: 2 ** 53 }],
    ['limit negative', { limit: -1 }],
    ['limit null', { limit: null }],
    ['changes an object', { changes: {} }],
    ['changes a text', { changes: 'none' }],
    ['too many changes', { changes: Array.from({ length: limits.pushChanges + 1 }, () => change) }],
    ['an unknown property', { admin: true }],
  ];
  it.each(wrongRequests)('is invalid: %s', async (_name, parts) => {
    await expectRefusal({ ...syncRequest(person.user), ...parts }, 'invalid');
  });

  const wrongChanges: [string, object][] = [
    ['op unknown', { op: 'upsert' }],
    ['table a number', { table: 7 }],
    ['id null', { id: null }],
    ['stamp a text', { stamp: '1' }],
    ['stamp negative', { stamp: -1 }],
    ['stamp missing', { stamp: undefined }],
    ['baseSeq missing', { baseSeq: undefined }],
    ['a value that is an object', { values: { key: {} } }],
    ['a value that is a list', { values: { key: [] } }],
    ['a value that is a truth value', { values: { key: true } }],
    ['values a list', { values: [] }],
    ['a stamp of a column that is a text', { stamps: { key: 'x' } }],
    ['a stamp under a name with a line break', { stamps: { 'a\nb': 'x' } }],
    ['a base without a sequence', { base: { key: ['x'] } }],
    ['a base with too much', { base: { key: [0, 'x', 1] } }],
    ['an unknown property', { user: 'someone-else' }],
    ['too many columns', { values: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`c${at}`, 1])) }],
  ];
  it.each(wrongChanges)('is invalid in a change: %s', async (_name, parts) => {
    await expectRefusal(syncRequest(person.user, { changes: [{ ...change, ...parts }] }), 'invalid');
  });

  it('is invalid when a number is beyond every number', async () => {
    const text = JSON.stringify(syncRequest(person.user)).replace('"cursor":0', '"cursor":1e999');
    await expectRefusal(text, 'invalid');
  });

  it.each([['null'], ['[]'], ['"text"'], ['7'], ['true']])('is invalid as a whole: %s', async (text) => {
    await expectRefusal(text, 'invalid');
  });

  it('is answered without repeating a name or a value of it', async () => {
    const secret = 'my-secret-diary';
    const wrong = { ...change, values: { [secret]: { [secret]: secret } } };
    for (const body of [
      syncRequest(person.user, { changes: [wrong] as never }),
      { ...syncRequest(person.user), [secret]: secret },
      { ...syncRequest(person.user), device: `${secret} ` },
      `{"${secret}": ${secret}`,
    ]) {
      const { error } = await refusal(body);
      expect(JSON.stringify(error)).not.toContain('secret');
      expect(error.message.length).toBeGreaterThan(0);
    }
  });
});

describe('a session that is not good', () => {
  it.each([
    ['none', ''],
    ['another cookie', 'theme=dark'],
    ['a made-up token', `lorikeet_session=${'A'.repeat(43)}`],
    ['a token of another form', 'lorikeet_session=%00%0d%0a'],
  ])('is signed out: %s', async (_name, cookie) => {
    await expectRefusal(syncRequest(person.user), 'signed_out', { user: person.user, cookie });
  });

  it('is signed out once it has expired', async () => {
    const guest = await signUp(server);
    now = testTime + 181 * 86_400_000;
    await expectRefusal(syncRequest(guest.user), 'signed_out', guest);
    now = testTime;
    await sync(server, guest);
  });
});

describe('rows of another user', () => {
  it('are out of reach: a request for another account is refused and stores nothing', async () => {
    const other = await signUp(server);
    await sync(server, other, { changes: [settingInsert('theme', 'theirs')] });
    const changes = [settingUpdate('theme', 'stolen', { baseSeq: 1 })];
    await expectRefusal(syncRequest(other.user, { changes }), 'wrong_account');
    expect(rowsOf(await sync(server, other, { device: 'b' }), 'setting')['theme']).toMatchObject({ value: 'theirs' });
  });

  it('stay unseen and untouched when their ids are used under the own account', async () => {
    const [owner, thief] = [await signUp(server), await signUp(server)];
    await sync(server, owner, { changes: [settingInsert('theme', 'theirs')] });
    const stolen = await sync(server, thief, { changes: [settingUpdate('theme', 'stolen', { baseSeq: 1 })] });
    expect(stolen.results).toEqual([{ status: 'resend', seq: 0 }]);
    expect(stolen.changes).toEqual([]);
    expect(rowsOf(await sync(server, owner, { device: 'b' }), 'setting')['theme']).toMatchObject({ value: 'theirs' });
  });
});

describe('a clock that runs ahead', () => {
  const ahead = stampAt(testTime + limits.clockAhead + 1);

  it('is told the time and stores nothing', async () => {
    const who = await signUp(server);
    for (const change of [
      settingInsert('a', '1', { stamp: ahead }),
      settingInsert('a', '1', { stamps: { value: ahead } }),
    ]) {
      const error = await expectRefusal(syncRequest(who.user, { changes: [change] }), 'clock_ahead', who);
      expect(error.serverTime).toBe(testTime);
    }
    expect((await sync(server, who, { device: 'b' })).changes).toEqual([]);
  });

  it('may be ahead by as much as the limit', async () => {
    const who = await signUp(server);
    const stamp = stampAt(testTime + limits.clockAhead);
    const reply = await sync(server, who, { changes: [settingInsert('a', '1', { stamp })] });
    expect(reply.results[0]?.status).toBe('applied');
  });
});

describe('a request from elsewhere', () => {
  const call = (headers: Record<string, string>) => {
    const {
      host: _host,
      origin: _origin,
      ...rest
    } = syncCall(person, syncRequest(person.user)).headers as Record<string, string>;
    return server.app.inject({ ...syncCall(person, syncRequest(person.user)), headers: { ...rest, ...headers } });
  };

  it.each([
    ['another site', { host: 'localhost', origin: 'https://evil.example' }],
    ['another port', { host: 'localhost:8787', origin: 'http://localhost:9999' }],
    ['a site whose name begins with ours', { host: 'localhost', origin: 'http://localhost.evil.example' }],
    ['a page without an origin', { host: 'localhost', origin: 'null' }],
    ['nobody says where', { host: 'localhost' }],
    ['a sibling site', { host: 'localhost', 'sec-fetch-site': 'same-site' }],
    [
      'another site by its fetch metadata',
      { host: 'localhost', origin: 'http://localhost', 'sec-fetch-site': 'cross-site' },
    ],
  ])('is forbidden: %s', async (_name, headers) => {
    const reply = await call(headers);
    expect([reply.statusCode, reply.json<ErrorReply>().error.code]).toEqual([403, 'forbidden_origin']);
  });

  it.each([
    ['by its origin', { host: 'lorikeet.example:8443', origin: 'https://lorikeet.example:8443' }],
    ['by its fetch metadata', { host: 'localhost', 'sec-fetch-site': 'same-origin' }],
    ['by both', { host: 'localhost', origin: 'http://localhost', 'sec-fetch-site': 'same-origin' }],
  ])('is taken when it is ours %s', async (_name, headers) => {
    expect((await call(headers)).statusCode).toBe(200);
  });

  it('is forbidden for every way to change something', async () => {
    for (const [method, url] of [
      ['POST', '/api/account'],
      ['POST', '/api/session'],
      ['DELETE', '/api/session'],
    ] as const) {
      const headers = { ...sameOrigin, origin: 'https://evil.example', cookie: person.cookie };
      const reply = await server.app.inject({ method, url, headers });
      expect([method, url, reply.statusCode]).toEqual([method, url, 403]);
    }
    await sync(server, person);
  });
});

describe('an address that is nobody’s', () => {
  it.each([
    ['GET', '/api/nothing'],
    ['POST', '/api/sync/nothing'],
    ['GET', '/api/sync'],
    ['PUT', '/api/sync'],
    ['GET', '/api'],
    ['GET', '/api/%2e%2e/x'],
    ['GET', '/api/%ff'],
  ] as const)('is answered in JSON: %s %s', async (method, url) => {
    const reply = await server.app.inject({ method, url, headers: sameOrigin });
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    expect(reply.json<ErrorReply>().error.code).toMatch(/^(not_found|malformed)$/);
    expect(reply.statusCode).toBeGreaterThanOrEqual(400);
    expect(reply.statusCode).toBeLessThan(500);
  });
});
