/**
 * Whatever is sent to the server, it answers: with a success or a refusal of its table, never with a fault of its own, and
 * a refusal leaves everything that is stored as it was. The real app on the real store.
 */
import BetterSqlite from 'better-sqlite3';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errors, isErrorCode } from '../../src/protocol/errors.ts';
import type { SyncReply } from '../../src/protocol/messages.ts';
import { parseSyncReply } from '../../src/protocol/parse-reply.ts';
import { readNotice } from '../../src/server/stores/postgres/poke-notice.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { anyJson, damaged, damagedBytes } from '../support/malformed.ts';
import { holds, holdsAlways } from '../support/property.ts';
import { buildTestServer, type TestServer } from '../support/server-harness.ts';
import {
  sameOrigin,
  settingInsert,
  settingUpdate,
  signUp,
  sync,
  syncCall,
  syncRequest,
  testTime,
  type SignedUp,
} from '../support/server-requests.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-malformed-'));
let server: TestServer;
let person: SignedUp;
let look: BetterSqlite.Database;

beforeAll(async () => {
  const file = path.join(directory, 'lorikeet.db');
  server = await buildTestServer({ file, now: () => testTime });
  person = await signUp(server);
  look = new BetterSqlite(file, { readonly: true });
  await sync(server, person, { changes: [settingInsert('kept', '1'), settingInsert('edited', '1')] });
});
afterAll(async () => {
  look.close();
  await server.close();
  rmSync(directory, { recursive: true });
});

/** Everything that is stored, but for when a session was used last. */
function stored(): string {
  const tables = look.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all() as string[];
  return JSON.stringify(
    tables.map((table) => look.prepare(`SELECT * FROM "${table}"`).all()),
    (key, value: unknown) => (key === 'used_at' ? undefined : value),
  );
}

/** The reply of a success, else null: then it was refused as the table of failures says, and nothing has changed. */
async function ask(call: InjectOptions): Promise<unknown> {
  const before = stored();
  const reply = await server.app.inject(call);
  if (reply.statusCode < 300) return reply.body === '' ? '' : reply.json<unknown>();
  const { code } = reply.json<{ error: { code: string } }>().error;
  expect(isErrorCode(code) ? errors[code].status : `${code} is no code`).toBe(reply.statusCode);
  expect(reply.statusCode, reply.body).toBeLessThan(500);
  expect(stored()).toBe(before);
  return null;
}

const stamp = stampAt(testTime) + 5;

/** A push as the app sends it, with every kind of change. */
function wholeRequest() {
  return syncRequest(person.user, {
    cursor: 1,
    writers: [['writer-a', stamp]],
    changes: [
      settingInsert('new', '1'),
      settingUpdate('edited', '2', { stamp, stamps: { value: stamp }, base: { value: [1, '1'] } }),
      { table: 'setting', id: 'gone', op: 'delete', stamp, baseSeq: 1 },
    ],
  });
}

function expectAnswered(reply: unknown): void {
  if (reply === null) return;
  expect(parseSyncReply(reply)).toMatchObject({ ok: true });
  for (const { status, seq, error } of (reply as SyncReply).results) {
    if (status === 'rejected') expect({ seq, code: typeof error?.code }).toEqual({ seq: 0, code: 'string' });
  }
}

describe('a sync request', () => {
  it('with damaged parts is answered or refused, and refused it changes nothing', async () => {
    const request = damaged(wholeRequest());
    await holdsAlways(
      fc.asyncProperty(request, async (body) => expectAnswered(await ask(syncCall(person, body)))),
      { numRuns: 250 },
    );
  });

  it('with damaged bytes is answered or refused, and refused it changes nothing', async () => {
    const bytes = damagedBytes(JSON.stringify(wholeRequest()));
    await holdsAlways(
      fc.asyncProperty(bytes, async (body) => expectAnswered(await ask(syncCall(person, body)))),
      { numRuns: 120 },
    );
  });

  it('that is zipped and damaged is answered or refused, and refused it changes nothing', async () => {
    const zipped = gzipSync(JSON.stringify(wholeRequest())).toString('latin1');
    const bytes = damagedBytes(zipped).map((body) => Buffer.from(body.toString('utf8'), 'latin1'));
    await holdsAlways(
      fc.asyncProperty(bytes, async (body) => {
        const call = syncCall(person, body);
        expectAnswered(await ask({ ...call, headers: { ...call.headers, 'content-encoding': 'gzip' } }));
      }),
      { numRuns: 60 },
    );
  });
});

const passkey = {
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key',
  response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA', signature: 'AAAA', authenticatorData: 'AAAA' },
};

/** What is asked about accounts, none of it right: a wrong password, no passkey that is known. */
const accountCalls = [
  ['POST', '/api/session', { name: 'nobody', password: 'wrong horse', deviceName: 'x' }],
  ['PUT', '/api/account/password', { proof: { passkey }, newPassword: 'another horse' }],
  ['POST', '/api/account/deletion', { proof: { passkey } }],
  ['POST', '/api/passkeys', { name: 'key', passkey }],
  ['POST', '/api/session/passkey', { passkey, deviceName: 'x' }],
  ['PATCH', '/api/passkeys/some', { name: 'key' }],
] as const;

describe('an account message', () => {
  it.each(accountCalls)('%s %s, damaged, is refused and changes nothing', async (method, url, body) => {
    const bodies = fc.oneof(
      damaged(body).map((json) => JSON.stringify(json)),
      damagedBytes(JSON.stringify(body)),
    );
    await holdsAlways(
      fc.asyncProperty(bodies, async (payload) => {
        const headers = { ...sameOrigin, cookie: person.cookie, 'content-type': 'application/json' };
        expect(await ask({ method, url, headers, payload })).toBeNull();
      }),
      { numRuns: 30 },
    );
  });

  it('that names what is deleted by any text is refused, or finds nothing to delete', async () => {
    const paths = fc.constantFrom('/api/sessions/', '/api/passkeys/', '/api/devices/');
    await holdsAlways(
      fc.asyncProperty(paths, fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }), async (at, text) => {
        const before = stored();
        const headers = { ...sameOrigin, cookie: person.cookie };
        await ask({ method: 'DELETE', url: `${at}${encodeURIComponent(text.toWellFormed())}`, headers });
        expect(stored()).toBe(before);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the poke stream', () => {
  it('asked for by any device name that is none is refused', async () => {
    const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }).map((name) => `${name.toWellFormed()} `);
    await holdsAlways(
      fc.asyncProperty(names, async (device) => {
        const headers = { ...sameOrigin, cookie: person.cookie };
        expect(await ask({ url: '/api/sync/events', query: { device }, headers })).toBeNull();
      }),
      { numRuns: 25 },
    );
  });

  const notice = [
    'server-a',
    [
      ['ana', 7, 'device-a'],
      ['ben', 8, null],
    ],
  ];

  it('hears the notices of other servers', () => {
    expect(readNotice(JSON.stringify(notice))).toEqual(notice);
  });

  it('takes no damaged notice for another than it is', () => {
    const payloads = fc.oneof(
      damaged(notice).map((json) => JSON.stringify(json)),
      damagedBytes(JSON.stringify(notice)).map(String),
      anyJson.map((json) => JSON.stringify(json)),
    );
    holds(
      fc.property(payloads, (payload) => {
        const [origin, pokes] = readNotice(payload) ?? ['', []];
        expect(typeof origin).toBe('string');
        for (const [user, head, from] of pokes) {
          expect([typeof user, Number.isSafeInteger(head), typeof (from ?? '')]).toEqual(['string', true, 'string']);
        }
      }),
      { numRuns: 300 },
    );
    expect(readNotice(undefined)).toBeNull();
  });
});
