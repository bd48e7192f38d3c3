/**
 * What an attacker sends, made from the API document: every route with an address and a body that it takes, and the path to
 * each field of them, so that a new route or field is attacked without being added anywhere.
 */
import { createECDH } from 'node:crypto';
import type { TestServer } from './server-harness.ts';
import { settingInsert, syncRequest } from './server-requests.ts';

export type FieldPath = readonly string[];

export interface Route {
  readonly method: string;
  /** With `{id}` where an id goes. */
  readonly path: string;
  /** What the address says after the question mark. */
  readonly query: Readonly<Record<string, string>>;
  /** One that the route takes; undefined: it takes none. */
  readonly body: unknown;
  readonly fields: readonly FieldPath[];
}

/** A schema of a request, as far as those here go. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly minLength?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Operation {
  readonly parameters?: readonly { readonly in: 'path' | 'query'; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}

/** What its schema alone does not say of a field, by its name. Passwords are wrong ones, but such as there may be. */
const samples: Readonly<Record<string, string>> = {
  password: 'wrong horse battery',
  newPassword: 'another horse battery',
  endpoint: 'https://push.example/subscription',
  p256dh: createECDH('prime256v1').generateKeys('base64url'),
  timeZone: 'Europe/Madrid',
};

export async function routesOf({ app }: TestServer): Promise<Route[]> {
  const { paths } = (await app.inject('/api/docs')).json<{ paths: Record<string, Record<string, Operation>> }>();
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => routeOf(method.toUpperCase(), path, operation)),
  );
}

function routeOf(method: string, path: string, { parameters = [], requestBody }: Operation): Route {
  const asked = parameters.filter((parameter) => parameter.in === 'query');
  const query = Object.fromEntries(asked.map(({ name, schema }) => [name, String(fit(name, schema))]));
  // The schema says that there are changes; here is one.
  const changes = [settingInsert('theme', 'stolen', { stamps: { value: 1 }, base: { value: [1, 'x'] } })];
  const schema = requestBody?.content['application/json'].schema;
  const body = path === '/api/sync' ? syncRequest('', { writers: [['w', 1]], changes }) : schema && fit('', schema);
  return { method, path, query, body, fields: body === undefined ? [] : fieldsOf(body, []) };
}

function fit(name: string, schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return fit(name, schema.anyOf[0]!);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, fit(key, inner)]));
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default: {
      const exactly = /\{(\d+)\}\$$/.exec(schema.pattern ?? '')?.[1];
      return samples[name] ?? 'x'.repeat(Number(exactly ?? Math.max(1, schema.minLength ?? 1)));
    }
  }
}

function fieldsOf(value: unknown, path: FieldPath): FieldPath[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, part]) => fieldsOf(part, [...path, name]));
  return path.length === 0 ? inner : [path, ...inner];
}

/** The body as JSON, with this text in place of the field: no value of JavaScript could hold all of them. */
export function bodyWith(body: unknown, field: FieldPath, json: string): string {
  const copy = structuredClone(body) as Record<string, unknown>;
  let at = copy;
  for (const name of field.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[field.at(-1)!] = '@@';
  return JSON.stringify(copy).replace('"@@"', () => json);
}

/** By what it is: a value in JSON. */
export const hostileJson: Readonly<Record<string, string>> = {
  SQL: JSON.stringify(`x'); DROP TABLE row; --`),
  'SQL of a search': JSON.stringify(`* OR 1=1 NEAR "x`),
  'a NUL and a line break': JSON.stringify('a\u0000b\r\nset-cookie: x=y'),
  'half a surrogate pair': String.raw`"\ud800"`,
  'a number beyond every number': '1e400',
  'the largest number': '1.7976931348623157e308',
  'a whole number that is not safe': '9007199254740993',
  'a number of many digits': '9'.repeat(20_000),
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
  'a deep nest': `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  'a wide object': `{${Array.from({ length: 5_000 }, (_, at) => `"k${at}":{}`).join(',')}}`,
  'a long array': `[${'[],'.repeat(10_000)}[]]`,
  'a long text': JSON.stringify('y'.repeat(50_000)),
  'a script': JSON.stringify('<script>alert(1)</script>'),
  'a path': JSON.stringify('../../../../etc/passwd'),
};

/** Texts to put into an address. */
export const hostileTexts = [
  `' OR 1=1 --`,
  '../..',
  '\u0000',
  '%',
  '__proto__',
  'y'.repeat(10_000),
  '😀',
  'NaN',
  '1e400',
  '[]',
];
