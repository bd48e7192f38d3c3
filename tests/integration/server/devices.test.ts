/** The devices of an account over HTTP: listed, taken off the list, and coming back. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DevicesReply } from '../../../src/protocol/messages.ts';
import { parseDevicesReply } from '../../../src/protocol/parse-reply.ts';
import { buildTestServer, type TestServer } from '../../support/server-harness.ts';
import {
  cookieOf,
  sameOrigin,
  settingInsert,
  signUp,
  sync,
  syncCall,
  syncRequest,
  testTime,
  type SignedUp,
} from '../../support/server-requests.ts';

let server: TestServer;
let now: number;
beforeEach(async () => {
  now = testTime;
  server = await buildTestServer({ now: () => now });
});
afterEach(() => server.close());

async function devices({ cookie }: SignedUp): Promise<DevicesReply['devices']> {
  const reply = await server.app.inject({ url: '/api/devices', headers: { ...sameOrigin, cookie } });
  const parsed = parseDevicesReply(reply.json());
  if (!parsed.ok) throw new Error(reply.body);
  return parsed.value.devices;
}

const retire = ({ cookie }: SignedUp, id: string) =>
  server.app.inject({ method: 'DELETE', url: `/api/devices/${id}`, headers: { ...sameOrigin, cookie } });

/** The same person on another device. */
async function signIn(name: string): Promise<string> {
  const reply = await server.app.inject({
    method: 'POST',
    url: '/api/session',
    headers: sameOrigin,
    payload: { name, password: 'correct horse', deviceName: 'Firefox on Linux' },
  });
  return cookieOf(reply.headers['set-cookie']);
}

it('lists the devices that have synced, and none of another person', async () => {
  const ana = await signUp(server, 'ana');
  await sync(server, ana, { device: 'phone' });
  const there = { ...ana, cookie: await signIn('ana') };
  now += 60_000;
  await sync(server, there, { device: 'laptop' });
  await sync(server, await signUp(server, 'ben'), { device: 'other' });
  const session = expect.any(String) as string;
  expect(await devices(ana)).toEqual([
    { id: 'laptop', name: 'Firefox on Linux', firstSeen: now, lastSeen: now, session },
    { id: 'phone', name: '', firstSeen: testTime, lastSeen: testTime, session },
  ]);
});

it('says in which session a device is signed in, until it is signed out there', async () => {
  const ana = await signUp(server, 'ana');
  await sync(server, ana, { device: 'phone' });
  await sync(server, { ...ana, cookie: await signIn('ana') }, { device: 'laptop' });
  const session = (await devices(ana)).find(({ id }) => id === 'laptop')?.session;
  const ended = await server.app.inject({
    method: 'DELETE',
    url: `/api/sessions/${session}`,
    headers: { ...sameOrigin, cookie: ana.cookie },
  });
  expect(ended.statusCode).toBe(204);
  expect((await devices(ana)).map(({ id, session: left }) => [id, left !== null])).toEqual([
    ['laptop', false],
    ['phone', true],
  ]);
});

it('signs a retired device out, keeps its rows, and takes it back under another id', async () => {
  const ana = await signUp(server, 'ana');
  await sync(server, ana, { device: 'laptop' });
  const phone = { ...ana, cookie: await signIn('ana') };
  await sync(server, phone, { device: 'phone', changes: [settingInsert('a', '1')] });
  expect((await retire(ana, 'phone')).statusCode).toBe(204);
  expect((await devices(ana)).map(({ id }) => id)).toEqual(['laptop']);
  const refused = await server.app.inject(syncCall(phone, syncRequest(ana.user, { device: 'phone' })));
  expect(refused.json()).toMatchObject({ error: { code: 'signed_out' } });
  const back = { ...ana, cookie: await signIn('ana') };
  const again = await server.app.inject(syncCall(back, syncRequest(ana.user, { device: 'phone' })));
  expect(again.statusCode).toBe(409);
  expect(again.json()).toMatchObject({ error: { code: 'device_retired' } });
  expect((await sync(server, back, { device: 'phone-2' })).changes).toMatchObject([{ table: 'setting', ids: ['a'] }]);
});

it('keeps the session that asks, and refuses what is not the own', async () => {
  const ana = await signUp(server, 'ana');
  await sync(server, ana, { device: 'laptop' });
  const ben = await signUp(server, 'ben');
  expect((await retire(ben, 'laptop')).statusCode).toBe(404);
  expect((await retire({ ...ana, cookie: '' }, 'laptop')).statusCode).toBe(401);
  expect((await retire(ana, 'laptop')).statusCode).toBe(204);
  expect(await devices(ana)).toEqual([]);
});
