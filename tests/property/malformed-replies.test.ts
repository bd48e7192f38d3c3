/**
 * Whatever comes back from the server or from something that stands in its place, the app reads it as a reply or as a
 * failure, and what is read as a reply is stored as a whole or not at all. Real parsers, the real transport, the real
 * store on real SQLite.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAccountApi } from '../../src/client/adapters/account-api.ts';
import { createFetchTransport } from '../../src/client/adapters/fetch-transport.ts';
import { isServerWell } from '../../src/client/adapters/health.ts';
import type { PasskeyPrompt } from '../../src/client/adapters/passkey-prompt.ts';
import { isErrorCode } from '../../src/protocol/errors.ts';
import type { SyncReply, SyncRequest } from '../../src/protocol/messages.ts';
import { parseDevicesReply, parseErrorReply, parseSyncReply } from '../../src/protocol/parse-reply.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { addWord } from '../support/add-word.ts';
import { DeviceUnderTest } from '../support/device-under-test.ts';
import { anyJson, damaged, damagedBytes } from '../support/malformed.ts';
import { MemoryServer } from '../support/memory-server.ts';
import { holds, holdsAlways } from '../support/property.ts';

const start = 1_800_000_000_000;

const request: SyncRequest = {
  protocol: 2,
  schema: 1,
  user: 'ana',
  device: 'a',
  writers: [],
  epoch: '',
  cursor: 0,
  known: 0,
  changes: [],
  limit: 10,
};

/** For a device that sends the words `mine`, new, and `both`, edited. */
const reply: SyncReply = {
  results: [
    { status: 'applied', seq: 4 },
    { status: 'rejected', seq: 0, error: { code: 'invalid_value', column: 'note' } },
  ],
  changes: [
    {
      table: 'setting',
      ids: ['theme', 'goal'],
      seqs: [2, 3],
      deleted: [1],
      columns: ['key', 'value', 'of_a_newer_version'],
      values: [
        ['theme', null],
        ['"dark"', null],
        [1, null],
      ],
    },
    {
      table: 'vocabulary_item',
      ids: ['both', 'theirs'],
      seqs: [5, 6],
      deleted: [],
      columns: ['language', 'word', 'translation', 'note'],
      values: [
        ['es', 'es'],
        ['uno', 'dos'],
        ['one', 'two'],
        ['', 'x'],
      ],
    },
  ],
  cursor: 6,
  epoch: 'e',
  head: 6,
  more: false,
  clock: stampAt(start),
  serverTime: start,
};

/** Damaged, as JSON and as bytes. */
function anyDamage(whole: unknown): fc.Arbitrary<Buffer> {
  const text = JSON.stringify(whole);
  return fc.oneof(
    { weight: 3, arbitrary: damaged(whole).map((json) => Buffer.from(JSON.stringify(json))) },
    { weight: 2, arbitrary: damagedBytes(text) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  );
}

const anyStatus = fc.constantFrom(200, 200, 200, 201, 400, 401, 404, 409, 429, 500, 503);
const answering = (bytes: Buffer, status: number) => () =>
  Promise.resolve(new Response(new Uint8Array(bytes), { status }));

describe('a reply of a sync that was damaged', () => {
  const whole = [reply, { error: { code: 'clock_ahead', message: 'm', serverTime: start, sequence: 3 } }];

  it('is a reply that fits or a failure with a code', async () => {
    const replies = fc.oneof(...whole.map(anyDamage));
    await holdsAlways(
      fc.asyncProperty(replies, anyStatus, async (bytes, status) => {
        const giveWay = new AbortController().signal;
        const result = await createFetchTransport({ fetch: answering(bytes, status), giveWay }).exchange(request);
        if (result.ok) expect(parseSyncReply(structuredClone(result.value.reply)).ok).toBe(true);
        else expect(isErrorCode(result.error.code)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is stored whole or not at all, and the device goes on', async () => {
    const device = new DeviceUnderTest({ name: 'a', now: () => start, transport: new MemoryServer().transport() });
    const { database, store } = device;
    database.write((sql) => addWord(sql, { id: 'both', word: 'uno' }), 'sync');
    database.write((sql) => sql.run(`UPDATE vocabulary_item SET _seq = 1`), 'sync');
    device.write((sql) => {
      addWord(sql, { id: 'mine', word: 'tres' });
      sql.run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'both'`);
    });
    const tables = device.all(`SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'`);
    const contents = (): string => JSON.stringify(tables.map(({ name }) => device.all(`SELECT * FROM "${name}"`)));
    let stored = 0;
    await holdsAlways(
      fc.asyncProperty(damaged(reply), async (body) => {
        const parsed = parseSyncReply(JSON.parse(JSON.stringify(body)));
        if (!parsed.ok) return;
        const batch = await store.gather('both');
        if (!batch.ok) throw new Error(`the device is stuck: ${batch.error.detail}`);
        // What only the request can tell is the machine's to check.
        if (parsed.value.results.length !== batch.value.changes.length) return;
        const before = contents();
        const applied = await store.apply(batch.value, parsed.value);
        if (!applied.ok) expect(contents()).toBe(before);
        else stored += 1;
      }),
      { numRuns: 300 },
    );
    expect(stored).toBeGreaterThan(0);
    expect(device.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it('tells a failure whatever an error says', () => {
    holds(
      fc.property(fc.integer({ min: 400, max: 599 }), fc.oneof(anyJson, damaged(whole[1])), (status, body) => {
        const { code, serverTime = 0, sequence = 0 } = parseErrorReply(status, body);
        expect([isErrorCode(code), Number.isSafeInteger(serverTime), Number.isSafeInteger(sequence)]).toEqual([
          true,
          true,
          true,
        ]);
      }),
      { numRuns: 300 },
    );
  });
});

const prompt: PasskeyPrompt = {
  make: () => Promise.resolve({ ok: true, value: {} }),
  show: () => Promise.resolve({ ok: true, value: {} }),
};
const api = (bytes: Buffer, status: number) =>
  createAccountApi({ fetch: answering(bytes, status), deviceName: 'test', prompt });

const session = { user: { id: 'u', name: 'Ana' } };
const sessions = { sessions: [{ id: 's', deviceName: 'd', createdAt: 1, usedAt: 2, current: true }] };
const passkeys = { passkeys: [{ id: 'p', name: 'n', createdAt: 1, usedAt: null }] };
const devices = { devices: [{ id: 'd', name: 'n', firstSeen: 1, lastSeen: 2, session: 's' }] };

describe('a reply about an account that was damaged', () => {
  it.each<[string, object, (account: ReturnType<typeof api>) => Promise<unknown>]>([
    ['who is signed in', session, (account) => account.current()],
    ['signing in', session, (account) => account.signIn('ana', 'secret')],
    ['the sessions', sessions, (account) => account.sessions()],
    ['the passkeys', passkeys, (account) => account.passkeys!.list()],
    ['signing in with a passkey', session, (account) => account.passkeys!.signIn()],
  ])('is a value that fits or a failure with a code: %s', async (_name, whole, ask) => {
    await holdsAlways(
      fc.asyncProperty(anyDamage(whole), anyStatus, async (bytes, status) => {
        const result = (await ask(api(bytes, status))) as { ok: boolean; value?: unknown; error?: { code: string } };
        if (result.ok) expectFits(result.value);
        else expect(isErrorCode(result.error!.code)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('is a list of devices or a failure', () => {
    holds(
      fc.property(fc.oneof(damaged(devices), anyJson), (body) => {
        const parsed = parseDevicesReply(body);
        for (const { id, name, firstSeen, lastSeen, session } of parsed.ok ? parsed.value.devices : []) {
          expect([id, name, firstSeen, lastSeen].map((part) => typeof part).join()).toBe('string,string,number,number');
          expect(session === null || typeof session === 'string').toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('says nothing wrong about the server’s health, and about passkeys', async () => {
    await holdsAlways(
      fc.asyncProperty(anyDamage({ status: 'ok', passkey: true }), anyStatus, async (bytes, status) => {
        expect(typeof (await isServerWell(answering(bytes, status)))).toBe('boolean');
        expect(typeof (await api(bytes, status).passkeys!.offered())).toBe('boolean');
      }),
      { numRuns: 100 },
    );
  });
});

/** A session or a list: what the screens read of it is there. */
function expectFits(value: unknown): void {
  const items = Array.isArray(value) ? (value as unknown[]) : [(value as typeof session).user];
  for (const item of items) expect(typeof (item as { id: unknown }).id).toBe('string');
}
