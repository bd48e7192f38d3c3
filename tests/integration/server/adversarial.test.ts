/**
 * What an attacker sends, to every route that the API document names: so a new route is attacked without being added here.
 * Whatever comes, the answer is coded, the server stays up, and nothing of another person is read or changed.
 */
import net from 'node:net';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errors, isErrorCode } from '../../../src/protocol/errors.ts';
import type { ErrorReply } from '../../../src/protocol/messages.ts';
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

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly minLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Operation {
  readonly parameters?: readonly { readonly in: 'path' | 'query'; readonly name: string }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}
interface Route {
  readonly method: string;
  readonly url: string;
  readonly operation: Operation;
  /** A body that fits, and the path to each of its fields. */
  readonly body: unknown;
  readonly fields: readonly (readonly string[])[];
}

const secret = 'what only the victim wrote';
const device = 'victims-device';

let server: TestServer;
let victim: SignedUp;
let victimSession = '';
let attacker: SignedUp;
let routes: Route[];

beforeAll(async () => {
  server = await startTestServer();
  victim = await signUp(server, 'the victim');
  await sync(server, victim, { device, changes: [settingInsert('theme', secret)] });
  const sessions = await call(victim, { method: 'GET', url: '/api/sessions' });
  victimSession = sessions.json<{ sessions: { id: string }[] }>().sessions[0]!.id;
  attacker = await signUp(server, 'the attacker');
  const document = (await server.app.inject('/api/docs')).json<{ paths: Record<string, Record<string, Operation>> }>();
  const paths = Object.entries(document.paths).filter(([url]) => url !== '/api/docs');
  routes = paths.flatMap(([url, operations]) =>
    Object.entries(operations).map(([method, operation]) => routeOf(method.toUpperCase(), url, operation)),
  );
});
afterAll(() => server.close());

function routeOf(method: string, url: string, operation: Operation): Route {
  const schema = operation.requestBody?.content['application/json'].schema;
  const change = settingInsert('theme', 'stolen', { stamps: { value: 1 }, base: { value: [1, 'x'] } });
  // Its schema says that there are changes; here is one. The password in the other bodies is wrong.
  const full = syncRequest('', { writers: [['w', 1]], changes: [change] });
  const body = url === '/api/sync' ? full : schema && fit(schema);
  return { method, url, operation, body, fields: body === undefined ? [] : fieldsOf(body, []) };
}

function fit(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return fit(schema.anyOf[0]!);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, fit(inner)]));
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
  }
}

function fieldsOf(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, part]) => fieldsOf(part, [...path, name]));
  return path.length === 0 ? inner : [path, ...inner];
}

/** The body as JSON, with this text in place of the field: no value of JavaScript could hold all of them. */
function bodyWith(body: unknown, path: readonly string[], json: string): string {
  const copy = structuredClone(body) as Record<string, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[path.at(-1)!] = '@@';
  return JSON.stringify(copy).replace('"@@"', () => json);
}

function call({ cookie }: { readonly cookie: string }, options: InjectOptions): Promise<LightMyRequestResponse> {
  const type = options.payload === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { ...sameOrigin, ...(cookie === '' ? {} : { cookie }), ...type };
  return server.app.inject({ ...options, headers: { ...headers, ...options.headers } });
}

/** An open stream never ends: its refusals are what can be seen here. */
const isStream = ({ url }: Route): boolean => url === '/api/sync/events';

function attack(who: SignedUp, route: Route, { id, body }: { id?: string; body?: string }) {
  const url = route.url.replace('{id}', () => encodeURIComponent(id ?? 'x'));
  const payload = body === undefined ? {} : { payload: body };
  return call(who, { method: route.method, url, ...payload });
}

function expectCoded(reply: LightMyRequestResponse, what: string): void {
  expect(reply.statusCode, `${what}: ${reply.body}`).toBeLessThan(500);
  expect(reply.body, what).not.toContain(secret);
  if (reply.statusCode !== 204) expect(reply.headers['cache-control'], what).toContain('no-store');
  if (reply.statusCode < 400) return;
  const { code } = reply.json<ErrorReply>().error;
  if (!isErrorCode(code)) throw new Error(`${what}: ${code} is no code`);
  expect(errors[code].status, what).toBe(reply.statusCode);
  expect(reply.body, what).not.toMatch(/\bat .*\(|node_modules|SQLITE|SELECT |\/src\//);
}

async function expectVictimUnharmed(): Promise<void> {
  const all = await sync(server, victim, { device, limit: 1_000, cursor: 0 });
  expect(all.changes).toMatchObject([{ table: 'setting', ids: ['theme'], deleted: [] }]);
  expect(JSON.stringify(all.changes)).toContain(secret);
  const sessions = await call(victim, { method: 'GET', url: '/api/sessions' });
  expect(sessions.json<{ sessions: { id: string }[] }>().sessions.map(({ id }) => id)).toEqual([victimSession]);
  const devices = await call(victim, { method: 'GET', url: '/api/devices' });
  expect(devices.json<{ devices: { id: string }[] }>().devices.map(({ id }) => id)).toEqual([device]);
}

const hostile: Readonly<Record<string, string>> = {
  SQL: JSON.stringify(`x'); DROP TABLE row; --`),
  'SQL of a search': JSON.stringify(`* OR 1=1 NEAR "x`),
  'a NUL and a line break': JSON.stringify('a\u0000b\r\nset-cookie: x=y'),
  'half a surrogate pair': String.raw`"\ud800"`,
  'a number beyond every number': '1e400',
  'the largest number': '1.7976931348623157e308',
  'a whole number that is not safe': '9007199254740993',
  'a negative number': '-1',
  'minus zero': '-0',
  'half a number': '0.5',
  'no number': 'NaN',
  null: 'null',
  true: 'true',
  'an object': '{"length": 1e9, "toString": 1, "valueOf": null}',
  ['__proto__']: '{"__proto__": {"admin": true}}',
  'a prototype': '{"constructor": {"prototype": {"admin": true}}}',
  'an array': '[[[]]]',
  'a deep nest': `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  'a long text': JSON.stringify('y'.repeat(100_000)),
  'a script': JSON.stringify('<script>alert(1)</script>'),
  'a path': JSON.stringify('../../../../etc/passwd'),
};

describe('in every field of every route', () => {
  it.each(Object.entries(hostile))('%s is refused or taken as what it is', async (what, json) => {
    const attacked = await signUp(server);
    for (const route of routes) {
      if (isStream(route)) continue;
      for (const field of route.fields) {
        const own = route.url === '/api/sync' ? { ...(route.body as object), user: attacked.user } : route.body;
        const reply = await attack(attacked, route, { body: bodyWith(own, field, json) });
        expectCoded(reply, `${what} as ${field.join('.')} of ${route.method} ${route.url}`);
      }
    }
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    await expectVictimUnharmed();
  });

  it('hostile texts in the address are refused as well', async () => {
    for (const route of routes.filter(({ url }) => url.includes('{id}'))) {
      for (const id of [`' OR 1=1 --`, '../..', '\u0000', '%', '__proto__', 'y'.repeat(10_000), '😀']) {
        const body = route.body === undefined ? {} : { body: JSON.stringify(route.body) };
        expectCoded(await attack(attacker, route, { id, ...body }), `${id} in ${route.method} ${route.url}`);
      }
    }
    await expectVictimUnharmed();
  });

  it('the ids of another person give nothing and change nothing', async () => {
    for (const id of [victim.user, victimSession, device, 'theme']) {
      for (const route of routes) {
        if (isStream(route)) continue;
        const fields = route.fields.length === 0 ? [null] : route.fields;
        for (const field of fields) {
          const own = route.url === '/api/sync' ? { ...(route.body as object), user: attacker.user } : route.body;
          const body = field === null ? undefined : bodyWith(own, field, JSON.stringify(id));
          // Signing the attacker out by its own will is no attack.
          if (route.method === 'DELETE' && !route.url.includes('{id}')) continue;
          const reply = await attack(attacker, route, { id, ...(body === undefined ? {} : { body }) });
          expectCoded(reply, `${id} as ${field?.join('.') ?? 'id'} of ${route.method} ${route.url}`);
        }
      }
    }
    const stream = await call(attacker, { method: 'GET', url: `/api/sync/events?device=${'x'.repeat(65)}` });
    expect(stream.statusCode).toBe(400);
    await expectVictimUnharmed();
  });
});

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
    const open = new Set(['/api/health', '/api/ready', '/api/account', '/api/session', '/api/docs']);
    for (const text of forged) {
      for (const route of routes) {
        if (open.has(route.url) || route.url.startsWith('/api/session/')) continue;
        const body = route.body === undefined ? {} : { body: JSON.stringify(route.body) };
        const reply = await attack({ user: '', cookie: `lorikeet_session=${text}` }, route, body);
        expectCoded(reply, `${text} at ${route.method} ${route.url}`);
        const ended = route.method === 'DELETE' && route.url === '/api/sessions';
        if (!ended) expect(reply.statusCode, `${text} at ${route.method} ${route.url}`).toBeGreaterThanOrEqual(400);
      }
    }
    await expectVictimUnharmed();
  });

  it('that was signed out is good for nothing when it is sent again', async () => {
    const who = await signUp(server);
    await sync(server, who);
    await call(who, { method: 'DELETE', url: '/api/session' });
    const again = await call(who, { method: 'POST', url: '/api/sync', payload: syncRequest(who.user) });
    expect(again.statusCode).toBe(401);
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
    await hasty.close();
  });
});
