/** Web Push from a change on one device to the push service of another: who is woken, with what, and who is not. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PushReply } from '../../../src/protocol/account-messages.ts';
import type { Change } from '../../../src/protocol/messages.ts';
import { noMetrics } from '../../../src/server/metrics.ts';
import { openPushService } from '../../../src/server/push/push-service.ts';
import { stampAt } from '../../../src/sync/clock.ts';
import { AccountCaller, outcome } from '../../support/account-caller.ts';
import { PushEndpoint } from '../../support/push-endpoint.ts';
import { startTestServer, type TestServer } from '../../support/server-harness.ts';
import { settingInsert, sync } from '../../support/server-requests.ts';

const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });
const hour = 3_600_000;
/** So long, by the server's clock, a change is not told yet. Less than a page counts as open without a sign of life. */
const wait = 60_000;

let server: TestServer;
let service: PushEndpoint;
let ends: string[];
let shift = 0;
let people = 0;
beforeAll(async () => {
  ends = [];
  server = await startTestServer({
    now: () => Date.now() + shift,
    push: {
      rule: { loopback: true },
      metrics: { ...noMetrics, push: (end) => void ends.push(end) },
      looks: { wakes: 5, reminders: 5 },
      pauses: { message: { delay: wait, between: 2 * wait }, edit: { delay: wait, between: 2 * wait } },
    },
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  service = await PushEndpoint.start();
});
afterEach(async () => {
  expect(service.faults).toEqual([]);
  await service.close();
});

interface Person {
  /** As its endpoint is called. */
  readonly name: string;
  /** Where this person writes. */
  readonly laptop: AccountCaller;
  /** What is to be woken. */
  readonly phone: AccountCaller;
}

/** Somebody who is signed in on two devices, of which the phone wants to be woken. */
async function person(): Promise<Person> {
  const name = `person-${(people += 1)}`;
  const laptop = await AccountCaller.signedUp(server, name);
  const phone = await AccountCaller.signedIn(server, { name, password: 'correct horse' });
  expect(await subscribe(phone, name)).toBe(204);
  return { name, laptop, phone };
}

/** Those whose phones have been woken, in order. */
const woken = (): string[] => service.taken.map(({ name }) => name);

/** Somebody else's change is told: what was to be told before has been. */
async function expectOnly(names: readonly string[]): Promise<void> {
  const other = await person();
  await write(other.laptop);
  shift += wait;
  await service.count(names.length + 1);
  expect([...woken()].sort()).toEqual([...names, other.name].sort());
}

async function subscribe(who: AccountCaller, name: string, reminder?: object): Promise<unknown> {
  const { endpoint, p256dh, auth } = service.browser(name);
  const keys = { p256dh, auth };
  return outcome(await who.call('PUT /api/push', { endpoint, keys, ...(reminder ? { reminder } : {}) }));
}

let written = 0;
function answer(body = 'what the tutor said'): Change {
  const values = { conversation_id: 'c1', author: 'tutor', body, sent_at: Date.now() };
  return { ...settingInsert(`m${(written += 1)}`, ''), table: 'message', stamp: stampAt(Date.now()), values };
}

const write = (who: AccountCaller, device = 'device-l') => sync(server, who, { device, changes: [answer()] });

async function about(who: AccountCaller): Promise<PushReply> {
  return (await who.call('GET /api/push')).json<PushReply>();
}

describe('a change', () => {
  it('wakes the other device once, signed by the server and without a word of the person', async () => {
    const { laptop } = await person();
    await write(laptop);
    await write(laptop);
    shift += wait;
    const [message] = await service.count(1);
    expect(message).toMatchObject({ text: '{"kind":"news"}', signedBy: (await about(laptop)).key });
    expect(JSON.stringify(message!.headers)).not.toContain('tutor');
    await until(() => expect(ends).toContain('sent'));
    expect(service.taken).toHaveLength(1);
  });

  it('does not wake the device that made it', async () => {
    const { phone } = await person();
    await write(phone, 'device-p');
    shift += wait;
    await expectOnly([]);
  });

  it('does not wake a device that is open, nor one that asked by itself', async () => {
    const [listening, asking] = [await person(), await person()];
    const abort = new AbortController();
    const { cookie } = listening.phone;
    const stream = await fetch(`${server.url}/api/sync/events`, { headers: { cookie }, signal: abort.signal });
    expect(stream.status).toBe(200);
    await write(listening.laptop);
    await write(asking.laptop);
    await sync(server, asking.phone, { device: 'device-p' });
    shift += wait;
    await expectOnly([]);
    abort.abort();
    await vi.waitFor(
      async () => {
        await write(listening.laptop);
        shift += wait;
        expect(woken()).toContain(listening.name);
      },
      { timeout: 15_000 },
    );
    expect(woken()).not.toContain(asking.name);
  });

  it('that asked with room for no rows does not count as having asked', async () => {
    const { name, laptop, phone } = await person();
    await write(laptop);
    await sync(server, phone, { device: 'device-p', limit: 0 });
    shift += wait;
    await service.count(1);
    expect(woken()).toEqual([name]);
  });

  it('of many is one wake, and the next comes after a while', async () => {
    const { name, laptop } = await person();
    for (let at = 0; at < 5; at += 1) await write(laptop);
    shift += wait;
    await service.count(1);
    await write(laptop);
    await expectOnly([name]);
    shift += wait;
    await service.count(3);
    expect(woken().filter((woke) => woke === name)).toHaveLength(2);
  });

  it('wakes nobody who signed out, was signed out there, or took it back', async () => {
    const ways: readonly ((who: Person) => Promise<unknown>)[] = [
      ({ phone }) => phone.call('DELETE /api/session'),
      ({ laptop }) => laptop.call('DELETE /api/sessions'),
      ({ phone }) => phone.call('DELETE /api/push'),
    ];
    for (const end of ways) {
      const who = await person();
      await end(who);
      await write(who.laptop);
    }
    shift += wait;
    await expectOnly([]);
  });

  it('is not told to a browser that takes no more, from the first time that its push service says so', async () => {
    const { laptop, phone } = await person();
    service.answer = (response) => response.writeHead(410).end();
    await write(laptop);
    shift += wait;
    await service.count(1);
    await vi.waitFor(async () => expect((await about(phone)).subscription).toBeNull(), { timeout: 15_000 });
  });

  it('is answered in time while a push service hangs', async () => {
    const { laptop } = await person();
    service.answer = () => undefined;
    await write(laptop);
    shift += wait;
    await service.count(1);
    const before = Date.now();
    await write(laptop);
    expect(Date.now() - before).toBeLessThan(5_000);
  });
});

describe('a subscription', () => {
  it('is told to its own browser, and to no other of the same person', async () => {
    const { laptop, phone } = await person();
    const { key, subscription } = await about(phone);
    expect(key).toMatch(/^[\w-]{87}$/);
    expect(subscription?.endpoint).toContain(service.url);
    expect(subscription?.reminder).toBeNull();
    expect((await about(laptop)).subscription).toBeNull();
  });

  it('needs a session', async () => {
    const nobody = new AccountCaller(server);
    expect(outcome(await nobody.call('GET /api/push'))).toEqual([401, 'signed_out']);
    expect(await subscribe(nobody, 'nobody')).toEqual([401, 'signed_out']);
    expect(outcome(await nobody.call('DELETE /api/push'))).toEqual([401, 'signed_out']);
  });

  it('is refused when its address leads inside, or nothing can be encrypted for it', async () => {
    const { phone } = await person();
    const { p256dh, auth } = service.browser('x');
    const put = async (endpoint: string, key = p256dh) =>
      outcome(await phone.call('PUT /api/push', { endpoint, keys: { p256dh: key, auth } }));
    for (const endpoint of ['http://10.0.0.1/x', 'https://192.168.1.1/x', 'http://push.example/', 'https://router/x'])
      expect(await put(endpoint), endpoint).toEqual([400, 'push_refused']);
    expect(await put(`${service.url}/x`, 'B'.repeat(87))).toEqual([400, 'push_refused']);
    expect(await put(`${service.url}/x`, 'B'.repeat(86))).toEqual([400, 'invalid']);
    const zone = { hour: 8, timeZone: 'Europe/Atlantis' };
    expect(await subscribe(phone, 'x', zone)).toEqual([400, 'invalid']);
  });

  it('is limited by address', async () => {
    const strict = await startTestServer();
    const who = await AccountCaller.signedUp(strict);
    const { endpoint, p256dh, auth } = service.browser('x');
    const body = { endpoint, keys: { p256dh, auth } };
    for (let at = 0; at < 120; at += 1) await who.call('PUT /api/push', body);
    expect(outcome(await who.call('PUT /api/push', body))).toEqual([429, 'too_many_requests']);
    await strict.close();
  });

  it('is bound to keys that every start of the server has', async () => {
    const again = await openPushService({
      ...{ store: server.store, clock: { now: Date.now }, metrics: noMetrics },
      ...{ contact: 'mailto:a@b.example', rule: { loopback: false } },
    });
    const { laptop } = await person();
    expect(again.publicKey).toBe((await about(laptop)).key);
    await again.close();
  });
});

describe('a reminder', () => {
  it('wakes a browser at the hour that the person chose, if cards are due', async () => {
    const { laptop, phone } = await person();
    const now = new Date(Date.now() + shift + hour);
    const reminder = { hour: now.getUTCHours(), timeZone: 'UTC' };
    expect(await subscribe(phone, 'with-reminder', reminder)).toBe(204);
    expect((await about(phone)).subscription?.reminder).toEqual(reminder);
    const card = { language: 'es', word: 'loro', translation: 'parrot', note: '', created_at: 1, due_at: 1 };
    const values = { ...card, stability: 1, difficulty: 1, card_state: 2, reps: 1, lapses: 0, last_review_at: 1 };
    const change = { ...settingInsert('w1', ''), table: 'vocabulary_item', values };
    await sync(server, laptop, { device: 'device-l', changes: [change] });
    shift += hour;
    await until(() => expect(service.taken.map(({ text }) => text)).toContain('{"kind":"due"}'));
    expect(await subscribe(phone, 'without-reminder', { ...reminder, hour: null })).toBe(204);
    expect((await about(phone)).subscription?.reminder).toBeNull();
  });
});
