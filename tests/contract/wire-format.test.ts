/**
 * The wire format may not change without a new protocol version: apps that are installed speak the old one. The golden
 * file of the present version is written by `WRITE_GOLDEN=1`, and once that version was released never again.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  accountDeletionSchema,
  passkeyAdditionSchema,
  passkeyNameSchema,
  passkeySignInSchema,
  passwordChangeSchema,
} from '../../src/protocol/account-schema.ts';
import { errors } from '../../src/protocol/errors.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { RowPage } from '../../src/protocol/messages.ts';
import { packedType, packPages } from '../../src/protocol/packed-pages.ts';
import { credentialsSchema, eventsQuerySchema, syncRequestSchema } from '../../src/protocol/request-schema.ts';
import { protocolVersion, releasedProtocol } from '../../src/protocol/version.ts';
import { pokeEvent } from '../../src/server/http/poke-hub.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { shapeOf } from '../support/server-shapes.ts';
import { buildTestServer, type TestServer } from '../support/server-harness.ts';
import {
  sameOrigin,
  settingInsert,
  settingUpdate,
  signUp,
  syncCall,
  syncRequest,
  testTime,
  type SignedUp,
} from '../support/server-requests.ts';

const golden = fileURLToPath(new URL(`wire-format.v${protocolVersion}.json`, import.meta.url));

let server: TestServer;
let who: SignedUp;
beforeAll(async () => {
  server = await buildTestServer({ now: () => testTime });
  who = await signUp(server, 'Golden');
});
afterAll(() => server.close());

async function exchange(parts: Parameters<typeof syncRequest>[1]): Promise<unknown> {
  return (await server.app.inject(syncCall(who, syncRequest(who.user, parts)))).json();
}

/** Rows that together take every form that a packed column can have. */
const packedSample: readonly RowPage[] = [
  {
    table: 'word',
    ids: ['a', 'bé', 'c'],
    seqs: [3, 5, 9],
    deleted: [1],
    columns: ['same', 'texts', 'ints', 'decimals', 'rising', 'doubles', 'mixed'],
    values: [
      ['es', null, 'es'],
      ['né', null, 'x'],
      [7, null, 70_000],
      [1.25, null, 0.5],
      [1e12, null, 1e12 + 60_000],
      [1 / 3, null, 2 / 3],
      ['a', null, 5],
    ],
  },
];

/** Replies that together show every form a reply of a sync can take. */
async function syncReplies(): Promise<unknown[]> {
  const at = (tick: number) => stampAt(testTime) + tick;
  return [
    await exchange({ changes: [settingInsert('a', '1'), settingInsert('b', '1'), settingUpdate('missing', '1')] }),
    await exchange({ changes: [settingInsert('a', '1'), { ...settingInsert('c', '1'), table: 'unknown' }] }),
    await exchange({ changes: [settingInsert('d', '1', { values: { key: 'd', value: 1 } })] }),
    await exchange({ device: 'b', changes: [settingUpdate('a', '2', { stamp: at(9) })], cursor: 1 }),
    await exchange({ changes: [settingUpdate('a', '3', { stamp: at(5) })], cursor: 1 }),
    await exchange({ changes: [{ table: 'setting', id: 'b', op: 'delete', stamp: at(20), baseSeq: 2 }] }),
    await exchange({ device: 'c', limit: 2 }),
    await exchange({ device: 'd', limit: 2, preview: true }),
  ];
}

async function wireFormat(): Promise<object> {
  const tooOld = await server.app.inject(syncCall(who, { protocol: protocolVersion + 1 }));
  const unknown = await server.app.inject({ url: '/api/unknown', headers: sameOrigin });
  const session = await server.app.inject({ url: '/api/session', headers: { cookie: who.cookie } });
  const health = await server.app.inject({ url: '/api/health' });
  return {
    protocolVersion,
    // A peer that keeps other bounds sends what is refused, or refuses what was let through.
    limits,
    requests: {
      sync: syncRequestSchema,
      credentials: credentialsSchema,
      eventsQuery: eventsQuerySchema,
      passwordChange: passwordChangeSchema,
      accountDeletion: accountDeletionSchema,
      passkeyAddition: passkeyAdditionSchema,
      passkeyName: passkeyNameSchema,
      passkeySignIn: passkeySignInSchema,
    },
    replies: {
      sync: shapeOf(await syncReplies()),
      packed: { type: packedType, rows: Buffer.from(packPages(packedSample)!).toString('base64') },
      error: shapeOf([tooOld.json(), unknown.json()]),
      session: shapeOf([session.json()]),
      health: shapeOf([health.json()]),
      poke: pokeEvent(7),
    },
    // Failures without a status are seen by the client alone.
    errors: Object.fromEntries(
      Object.entries(errors).flatMap(([code, { status }]) => (status === null ? [] : [[code, status]])),
    ),
  };
}

/** A failure may be added: an app that does not know its code goes by the status. None may change or go. */
function withoutNewErrors(present: WireFormat, past: WireFormat): WireFormat {
  const known = Object.entries(present.errors).filter(([code]) => Object.hasOwn(past.errors, code));
  return { ...present, errors: Object.fromEntries(known) };
}

interface WireFormat {
  readonly errors: Readonly<Record<string, number>>;
}

it('is as it was when this protocol version was introduced', async () => {
  const present = JSON.parse(JSON.stringify(await wireFormat())) as WireFormat;
  const mayGrow = protocolVersion > releasedProtocol || !existsSync(golden);
  if (mayGrow && process.env['WRITE_GOLDEN'] === '1') {
    writeFileSync(golden, `${JSON.stringify(present, null, 2)}\n`);
  }
  expect(existsSync(golden), `${golden} is missing: run once with WRITE_GOLDEN=1`).toBe(true);
  const past = JSON.parse(readFileSync(golden, 'utf8')) as WireFormat;
  expect(
    withoutNewErrors(present, past),
    'The wire format changed. Raise protocolVersion (src/protocol/version.ts), then run once with WRITE_GOLDEN=1.',
  ).toEqual(past);
});
