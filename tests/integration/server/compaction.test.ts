/** Real devices on the real server, over HTTP, while the server lets go of what is old. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { err, ok } from '../../../src/base/result.ts';
import type { Failure } from '../../../src/protocol/errors.ts';
import { parseSyncReply } from '../../../src/protocol/parse-reply.ts';
import type { Transport } from '../../../src/sync/ports.ts';
import { addWord } from '../../support/add-word.ts';
import { DeviceUnderTest } from '../../support/device-under-test.ts';
import { buildTestServer, type TestServer } from '../../support/server-harness.ts';
import { sameOrigin, signUp, syncCall, testTime, type SignedUp } from '../../support/server-requests.ts';

const day = 86_400_000;
const rules = { conflictAge: 30 * day, deviceAge: 60 * day, settle: day };

let server: TestServer;
let ana: SignedUp;
let now: number;
/** Rows of a page at most. */
let pageRows: number;
beforeEach(async () => {
  now = testTime;
  pageRows = 1_000;
  server = await buildTestServer({ now: () => now });
  ana = await signUp(server);
});
afterEach(() => server.close());

const transport: Transport = {
  async exchange(request) {
    const limit = Math.min(request.limit, pageRows);
    const reply = await server.app.inject(syncCall(ana, { ...request, limit }));
    if (reply.statusCode !== 200) return err(reply.json<{ error: Failure }>().error);
    const parsed = parseSyncReply(reply.json());
    return parsed.ok ? ok({ reply: parsed.value, sent: 0, received: 0 }) : parsed;
  },
};

function newDevice(name: string): DeviceUnderTest {
  let ids = 0;
  const newId = () => `${name}-${(ids += 1)}`;
  return new DeviceUnderTest({ name, user: ana.user, transport, now: () => now, newId });
}

async function syncAll(...devices: DeviceUnderTest[]): Promise<void> {
  for (const device of devices) expect(await device.sync()).toMatchObject({ report: { error: null } });
}

async function compact(): Promise<number> {
  let tombstones = 0;
  for (let more = true; more;) {
    const step = await server.store.compact({ now, rules });
    tombstones += step.tombstones;
    more = step.more;
  }
  return tombstones;
}

const wordsOf = (device: DeviceUnderTest) => Array.from(device.rows('vocabulary_item').values(), ({ word }) => word);
const noticeOf = (device: DeviceUnderTest) => device.all('SELECT notice FROM sync_state')[0]!['notice'];
const reloadsOf = (device: DeviceUnderTest) =>
  device.all('SELECT reload FROM sync_run WHERE reload IS NOT NULL').map(({ reload }) => reload);

/** Phone and laptop have three words; then the laptop deletes one, and the server forgets that. */
async function deleteWhileAway(): Promise<{ phone: DeviceUnderTest; laptop: DeviceUnderTest }> {
  const [phone, laptop] = [newDevice('phone'), newDevice('laptop')];
  phone.write((sql) => ['uno', 'dos', 'tres'].forEach((word) => addWord(sql, { id: word, word, at: now })));
  await syncAll(phone, laptop, phone);
  now += day;
  phone.write((sql) => addWord(sql, { id: 'quatro', word: 'quatro', at: now }));
  phone.write((sql) => sql.run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'dos'`));
  laptop.write((sql) => sql.run(`DELETE FROM vocabulary_item WHERE id = 'uno'`));
  await syncAll(laptop);
  for (const days of [30, 40, 31]) {
    now += days * day;
    await syncAll(laptop);
    await compact();
  }
  expect((await server.store.devices(ana.user, 0)).length).toBe(2);
  return { phone, laptop };
}

it('a device that was away for longer loads everything anew, keeps what it had not sent, and drops what was deleted', async () => {
  const { phone, laptop } = await deleteWhileAway();
  pageRows = 1;
  expect(wordsOf(phone)).toEqual(['dos', 'quatro', 'tres', 'uno']);
  await syncAll(phone, laptop, phone);
  for (const device of [phone, laptop]) {
    expect(wordsOf(device)).toEqual(['dos', 'quatro', 'tres']);
    expect(device.rows('vocabulary_item').get('dos')).toMatchObject({ note: 'mine' });
    expect(device.waiting()).toBe(0);
  }
  expect(noticeOf(phone)).toBe('away');
  expect(reloadsOf(phone)).toEqual(['away']);
  expect(reloadsOf(laptop)).toEqual([]);
});

it('an edit of a row that was deleted and forgotten meanwhile brings the row back whole', async () => {
  const { phone, laptop } = await deleteWhileAway();
  phone.write((sql) => sql.run(`UPDATE vocabulary_item SET note = 'still here' WHERE id = 'uno'`));
  await syncAll(phone, laptop);
  for (const device of [phone, laptop]) {
    expect(device.rows('vocabulary_item').get('uno')).toMatchObject({ word: 'uno', note: 'still here' });
  }
});

it('a device that was retired comes back under another id, with all that it had not sent', async () => {
  const [phone, laptop] = [newDevice('phone'), newDevice('laptop')];
  phone.write((sql) => ['uno', 'dos'].forEach((word) => addWord(sql, { id: word, word, at: now })));
  await syncAll(phone, laptop, phone);
  const [id] = phone.all('SELECT device FROM sync_state').map(({ device }) => String(device));
  const headers = { ...sameOrigin, cookie: ana.cookie };
  await server.app.inject({ method: 'DELETE', url: `/api/devices/${id}`, headers });
  laptop.write((sql) => sql.run(`DELETE FROM vocabulary_item WHERE id = 'uno'`));
  phone.write((sql) => sql.run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'dos'`));
  for (let turn = 0; turn < 3; turn += 1) {
    now += 2 * day;
    await syncAll(laptop);
    await compact();
  }
  await syncAll(phone, laptop);
  for (const device of [phone, laptop]) {
    expect(wordsOf(device)).toEqual(['dos']);
    expect(device.rows('vocabulary_item').get('dos')).toMatchObject({ note: 'mine' });
  }
  expect(phone.all('SELECT device FROM sync_state')[0]!['device']).not.toBe(id);
  expect(noticeOf(phone)).toBe('retired');
});
