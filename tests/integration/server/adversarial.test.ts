/**
 * What an attacker sends, to every route that the API document names: so a new route is attacked without being added here.
 * Whatever comes, the answer is coded, the server stays up, others are served meanwhile, no memory is kept, and nothing of
 * another person is read or changed (I7).
 */
import { createHash } from 'node:crypto';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errors, isErrorCode } from '../../../src/protocol/errors.ts';
import type { ErrorReply } from '../../../src/protocol/messages.ts';
import {
  bodyWith,
  hostileJson,
  hostileTexts,
  routesOf,
  type FieldPath,
  type Route,
} from '../../support/hostile-requests.ts';
import { startTestServer, type TestServer } from '../../support/server-harness.ts';
import {
  cookieOf,
  sameOrigin,
  settingInsert,
  signUp,
  sync,
  syncRequest,
  type SignedUp,
} from '../../support/server-requests.ts';

const secret = 'what only the victim wrote';
const device = 'victims-device';
const passkey = { id: 'victims-passkey', credentialId: 'dmljdGlt' };
const endpoint = 'https://push.example/victim';
/** They need no session: who is asked for, or a way in. */
const open = new Set([
  ...['GET /api/docs', 'GET /api/health', 'GET /api/ready', 'GET /api/session', 'DELETE /api/session'],
  ...['POST /api/account', 'POST /api/session', 'GET /api/session/ways'],
  ...['POST /api/session/passkey', 'POST /api/session/passkey/options'],
]);

let server: TestServer;
let victim: SignedUp;
let victimSession = '';
let attacker: SignedUp;
let routes: Route[];

beforeAll(async () => {
  server = await startTestServer();
  victim = await signUp(server, 'the victim');
  await sync(server, victim, { device, changes: [settingInsert('theme', secret)] });
  [victimSession] = (await idsOf('sessions')) as [string];
  const { user } = victim;
  const kept = { counter: 0, transports: [], name: 'A key', now: Date.now() };
  await server.store.addPasskey({ ...passkey, ...kept, user, publicKey: Uint8Array.of(1) });
  const session = createHash('sha256').update(victim.cookie.split('=')[1]!).digest('hex');
  const target = { endpoint, p256dh: 'x', auth: 'x' };
  await server.store.subscribePush({ user, session, target, now: Date.now() });
  attacker = await signUp(server, 'the attacker');
  routes = await routesOf(server);
});
afterAll(() => server.close());

/** An open stream never ends: it is asked over the network, and its head is what can be seen. */
const isStream = ({ path }: Route): boolean => path === '/api/sync/events';
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

let callers = 0;

/** Each from an address of its own: a refusal by number would hide what is behind it. */
function call({ cookie }: Pick<SignedUp, 'cookie'>, options: InjectOptions): Promise<LightMyRequestResponse> {
  const type = options.payload === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { ...sameOrigin, ...(cookie === '' ? {} : { cookie }), ...type, ...options.headers };
  callers += 1;
  const remoteAddress = `10.${callers >> 16}.${(callers >> 8) & 255}.${callers & 255}`;
  return server.app.inject({ ...options, headers, remoteAddress });
}

interface Attack {
  readonly id?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

function attack(who: Pick<SignedUp, 'cookie'>, route: Route, { id = 'x', query, body }: Attack = {}) {
  const path = route.path.replace('{id}', () => encodeURIComponent(id));
  const url = `${path}?${new URLSearchParams({ ...route.query, ...query })}`;
  return call(open.has(nameOf(route)) ? { cookie: '' } : who, {
    method: route.method,
    url,
    ...(body === undefined ? {} : { payload: body }),
  });
}

/** The body that the route takes, of the one who sends it. */
function ownBody({ user }: SignedUp, route: Route): unknown {
  return route.path === '/api/sync' ? { ...(route.body as object), user } : route.body;
}

function wholeBody(who: SignedUp, route: Route): Attack {
  return route.body === undefined ? {} : { body: JSON.stringify(ownBody(who, route)) };
}

function expectCoded(reply: LightMyRequestResponse, what: string): void {
  expect(reply.statusCode, `${what}: ${reply.body}`).toBeLessThan(500);
  expect(reply.body, what).not.toContain(secret);
  const open = /^(GET|HEAD)$/.test(what.split(' ').at(-2) ?? '') && what.endsWith('/api/docs');
  if (reply.statusCode !== 204 && !open) expect(reply.headers['cache-control'], what).toContain('no-store');
  if (reply.statusCode < 400) return;
  const { code } = reply.json<ErrorReply>().error;
  if (!isErrorCode(code)) throw new Error(`${what}: ${code} is no code`);
  expect(errors[code].status, what).toBe(reply.statusCode);
  expect(reply.body, what).not.toMatch(/\bat .*\(|node_modules|SQLITE|SELECT |\/src\//);
}

async function idsOf(list: 'sessions' | 'devices' | 'passkeys'): Promise<string[]> {
  const reply = await call(victim, { method: 'GET', url: `/api/${list}` });
  return reply.json<Record<string, { id: string }[]>>()[list]!.map(({ id }) => id);
}

async function expectVictimUnharmed(): Promise<void> {
  const all = await sync(server, victim, { device, limit: 1_000, cursor: 0 });
  expect(all.changes).toMatchObject([{ table: 'setting', ids: ['theme'], deleted: [] }]);
  expect(JSON.stringify(all.changes)).toContain(secret);
  expect(await idsOf('sessions')).toEqual([victimSession]);
  expect(await idsOf('devices')).toEqual([device]);
  expect(await idsOf('passkeys')).toEqual([passkey.id]);
  const push = await call(victim, { method: 'GET', url: '/api/push' });
  expect(push.json()).toMatchObject({ subscription: { endpoint } });
}

/** The head of an event stream's reply. */
async function streamStatus({ cookie }: SignedUp, named: string): Promise<number> {
  const abort = new AbortController();
  const url = `${server.url}/api/sync/events?${new URLSearchParams({ device: named })}`;
  const { status } = await fetch(url, { headers: { cookie }, signal: abort.signal });
  abort.abort();
  return status;
}

describe('in every field of every route', () => {
  it('an attack starts from what the route takes: nothing of it is refused for its form', async () => {
    const who = await signUp(server);
    for (const route of routes.filter((one) => one.body !== undefined)) {
      const reply = await attack(who, route, wholeBody(who, route));
      const { error } = reply.body === '' ? {} : reply.json<Partial<ErrorReply>>();
      expect(
        ['malformed', 'invalid', 'too_large', 'invalid_name', 'invalid_password', 'push_refused'],
        nameOf(route),
      ).not.toContain(error?.code);
    }
  });

  it.each(Object.entries(hostileJson))(
    '%s is refused or taken as what it is, and others are served',
    async (what, json) => {
      const attacked = await signUp(server);
      for (const route of routes.filter((one) => !isStream(one))) {
        const others = sync(server, victim, { device });
        for (const field of route.fields) {
          const body = bodyWith(ownBody(attacked, route), field, json);
          expectCoded(await attack(attacked, route, { body }), `${what} as ${field.join('.')} of ${nameOf(route)}`);
        }
        for (const name of Object.keys(route.query))
          expectCoded(
            await attack(attacked, route, { query: { [name]: json.slice(0, 5_000) } }),
            `${what} as ${name} of ${nameOf(route)}`,
          );
        await others;
      }
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
      // It was let in until the end, not refused as nobody.
      await sync(server, attacked, { device: 'own' });
      await expectVictimUnharmed();
    },
  );

  it('hostile texts in the address are refused as well', async () => {
    for (const route of routes.filter(({ path }) => path.includes('{id}'))) {
      for (const id of hostileTexts) {
        const whole = wholeBody(attacker, route);
        expectCoded(await attack(attacker, route, { id, ...whole }), `${id} in ${nameOf(route)}`);
      }
    }
    for (const text of hostileTexts) expect([200, 400], text).toContain(await streamStatus(attacker, text));
    await expectVictimUnharmed();
  });

  it('the ids of another person give nothing and change nothing', async () => {
    for (const id of [victim.user, victimSession, device, 'theme', ...Object.values(passkey), endpoint]) {
      for (const route of routes) {
        // Signing the attacker out by its own will is no attack.
        if (isStream(route) || (route.method === 'DELETE' && !route.path.includes('{id}'))) continue;
        const fields: readonly (FieldPath | null)[] = route.fields.length === 0 ? [null] : route.fields;
        for (const field of fields) {
          const body = field === null ? undefined : bodyWith(ownBody(attacker, route), field, JSON.stringify(id));
          expectCoded(
            await attack(attacker, route, { id, body }),
            `${id} as ${field?.join('.') ?? 'id'} of ${nameOf(route)}`,
          );
        }
      }
    }
    await sync(server, attacker, { device: 'own' });
    await expectVictimUnharmed();
  });

  it('a body of a million parts is refused, and others are served', async () => {
    const bomb = `[${'[],'.repeat(1_000_000)}[]]`;
    const before = process.memoryUsage.rss();
    const route = routes.find(({ path }) => path === '/api/sync')!;
    for (let count = 0; count < 3; count += 1) {
      const body = bodyWith(ownBody(attacker, route), ['changes'], bomb);
      const [reply] = await Promise.all([attack(attacker, route, { body }), sync(server, victim, { device })]);
      expect([reply.statusCode, reply.json<ErrorReply>().error.code]).toEqual([400, 'invalid']);
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(500_000_000);
  });

  it('a body that inflates to a thousand times its size is cut off', async () => {
    // A member after the other: what has to inflate is as large, and quicker to make.
    const bomb = Buffer.concat(Array.from({ length: 20 }, () => tenMegabytes));
    const before = process.memoryUsage.rss();
    for (const route of routes.filter((one) => one.body !== undefined)) {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      const [reply] = await Promise.all([
        call(attacker, {
          method: route.method,
          url: route.path.replace('{id}', 'x'),
          payload: bomb,
          headers,
        }),
        sync(server, victim, { device }),
      ]);
      expect([reply.statusCode, reply.json<ErrorReply>().error.code], nameOf(route)).toEqual([413, 'too_large']);
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000);
    await expectVictimUnharmed();
  });
});

const tenMegabytes = gzipSync(Buffer.alloc(10_000_000), { level: 9 });

describe('a cookie', () => {
  it('that is none opens no route', async () => {
    const value = victim.cookie.split('=')[1]!;
    const forged = [
      value.slice(0, -1),
      `${value}x`,
      value.toLowerCase() === value ? value.toUpperCase() : value.toLowerCase(),
      victim.user,
      victimSession,
      '"',
      '%00',
      'x'.repeat(5_000),
      '__proto__',
      `' OR 1=1 --`,
    ];
    const closed = routes.filter((route) => !open.has(nameOf(route)));
    expect(closed.length).toBeGreaterThan(15);
    for (const cookie of ['', ...forged.map((text) => `lorikeet_session=${text}`)]) {
      for (const route of closed) {
        const reply = await attack({ cookie }, route, wholeBody(victim, route));
        expectCoded(reply, `${cookie} at ${nameOf(route)}`);
        expect(reply.statusCode, `${cookie} at ${nameOf(route)}`).toBe(401);
      }
    }
    await expectVictimUnharmed();
  });

  it('that was signed out is good for nothing when it is sent again', async () => {
    const who = await signUp(server);
    await sync(server, who);
    await call(who, { method: 'DELETE', url: '/api/session' });
    for (const route of routes.filter((one) => !open.has(nameOf(one)))) {
      const again = await attack(who, route, wholeBody(who, route));
      expect(again.statusCode, nameOf(route)).toBe(401);
    }
  });

  it('of before a change of the password is good for nothing', async () => {
    const who = await signUp(server);
    const stolen = { ...who };
    const payload = { proof: { password: 'correct horse' }, newPassword: 'another horse' };
    // The session that changes it is a second one of the same person.
    const name = (await call(who, { method: 'GET', url: '/api/session' })).json<{ user: { name: string } }>().user.name;
    const second = await call(
      { cookie: '' },
      { method: 'POST', url: '/api/session', payload: { name, password: 'correct horse' } },
    );
    const cookie = cookieOf(second.headers['set-cookie']);
    const changed = await call({ cookie }, { method: 'PUT', url: '/api/account/password', payload });
    expect(changed.statusCode).toBeLessThan(300);
    const replayed = await call(stolen, { method: 'POST', url: '/api/sync', payload: syncRequest(who.user) });
    expect(replayed.statusCode).toBe(401);
  });
});

describe('many at once', () => {
  const port = () => Number(new URL(server.url).port);
  const connect = (): Promise<net.Socket> =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port(), '127.0.0.1', () => resolve(socket));
      socket.once('error', reject);
    });

  it('ten thousand tiny requests are all answered, and cost no memory that stays', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, connect));
    const request = `GET /api/session HTTP/1.1\r\nhost: localhost:${port()}\r\n\r\n`;
    const before = process.memoryUsage.rss();
    const answered = sockets.map(
      (socket) =>
        new Promise<number>((resolve) => {
          let count = 0;
          socket.on('data', (chunk: Buffer) => {
            count += chunk.toString('latin1').split('HTTP/1.1 ').length - 1;
            if (count >= 500) resolve(count);
          });
          for (let sent = 0; sent < 500; sent += 1) socket.write(request);
        }),
    );
    const served = sync(server, victim, { device });
    expect(await Promise.all(answered)).toEqual(Array.from({ length: 20 }, () => 500));
    await served;
    for (const socket of sockets) socket.destroy();
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
  });

  it('half-open connections hold nobody up, and are closed in time', async () => {
    const hasty = await startTestServer({ config: { requestTimeout: 400 } });
    const other = await signUp(hasty);
    const before = process.memoryUsage.rss();
    const closed: Promise<unknown>[] = [];
    for (let count = 0; count < 500; count += 1) {
      const socket = net.connect(Number(new URL(hasty.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      socket.write('POST /api/sync HTTP/1.1\r\nhost: localhost\r\ncontent-le');
      socket.resume();
    }
    await sync(hasty, other);
    await Promise.all(closed);
    await sync(hasty, other);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
    await hasty.close();
  });
});
