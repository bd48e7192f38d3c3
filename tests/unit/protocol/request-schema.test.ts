/** What a request may look like: structure, and bounds for everything that could be large. */
import { describe, expect, it } from 'vitest';
import type { TSchema } from 'typebox';
import { Check } from 'typebox/value';
import {
  accountDeletionSchema,
  exportQuerySchema,
  idParamsSchema,
  passkeyAdditionSchema,
  passkeyNameSchema,
  passkeySignInSchema,
  passwordChangeSchema,
  pushRequestSchema,
} from '../../../src/protocol/account-schema.ts';
import { limits } from '../../../src/protocol/limits.ts';
import {
  credentialsSchema,
  deviceParamsSchema,
  eventsQuerySchema,
  syncRequestSchema,
} from '../../../src/protocol/request-schema.ts';

const change = { table: 'setting', id: 's', op: 'update', stamp: 5, baseSeq: 1, values: { value: 'x' } };
const sync = {
  ...{ protocol: 1, schema: 1, user: 'u', device: 'a', writers: [['w', 5]], epoch: '' },
  ...{ cursor: 0, known: 0, changes: [change], limit: 10 },
};
const response = {
  ...{ clientDataJSON: 'e30', attestationObject: 'e30', authenticatorData: 'e30', signature: 'e30', publicKey: 'e30' },
  transports: ['internal'],
};
const passkey = { id: 'p', rawId: 'p', type: 'public-key', response };
const subscription = { endpoint: 'https://push.example/1', keys: { p256dh: 'B'.repeat(87), auth: 'a'.repeat(22) } };
const reminder = { hour: 18, timeZone: 'Europe/Madrid' };

const takes = (schema: TSchema, body: unknown) => expect(Check(schema, body), JSON.stringify(body)).toBe(true);
const refuses = (schema: TSchema, body: unknown) =>
  expect(Check(schema, body), JSON.stringify(body)?.slice(0, 200)).toBe(false);

/** With what to call each in a title: the long ones by their beginning and their length. */
const named = (parts: readonly object[]): [string, object][] =>
  parts.map((part) => {
    const text = JSON.stringify(part);
    return [text.length > 120 ? `${text.slice(0, 80)}… of ${text.length} characters` : text, part];
  });

describe('a sync request', () => {
  it('is taken with any kind of change', () => {
    takes(syncRequestSchema, sync);
    const whole = { ...change, op: 'insert', stamps: { value: 5 }, values: { value: null, n: 1.5 } };
    const based = { ...change, base: { value: [1, null] } };
    const deletion = { table: 'setting', id: 's', op: 'delete', stamp: 5, baseSeq: 1 };
    takes(syncRequestSchema, { ...sync, changes: [whole, based, deletion] });
  });

  it.each(
    named([
      { protocol: 0 },
      { schema: '1' },
      { user: '' },
      { device: 'a b' },
      { device: 'a\n' },
      { device: '' },
      { writers: [['w']] },
      { writers: [['w', 5, 6]] },
      { writers: [['w w', 5]] },
      { writers: [['w', -1]] },
      { writers: Array.from({ length: limits.writers + 1 }, () => ['w', 5]) },
      { cursor: -1 },
      { cursor: 1.5 },
      { cursor: 2 ** 53 },
      { known: null },
      { limit: -1 },
      { epoch: 'x'.repeat(201) },
      { extra: 1 },
      { changes: {} },
      { changes: Array.from({ length: limits.pushChanges + 1 }, () => change) },
    ]),
  )('is refused with %s', (_, part) => {
    refuses(syncRequestSchema, { ...sync, ...part });
  });

  it.each(
    named([
      { op: 'upsert' },
      { table: 'x'.repeat(201) },
      { id: 5 },
      { stamp: -1 },
      { baseSeq: null },
      { values: { value: true } },
      { values: { value: {} } },
      { values: Object.fromEntries(Array.from({ length: limits.rowColumns + 1 }, (_, at) => [`c${at}`, 1])) },
      { stamps: { value: 'x' } },
      { base: { value: [1] } },
      { base: { value: [1, 'x', 'y'] } },
      { base: { value: ['x', 1] } },
      { extra: 1 },
    ]),
  )('is refused with a change that has %s', (_, part) => {
    refuses(syncRequestSchema, { ...sync, changes: [{ ...change, ...part }] });
  });
});

describe('credentials', () => {
  it('are texts of some length, with a device’s name if there is one', () => {
    takes(credentialsSchema, { name: 'ana', password: 'p', deviceName: 'Phone' });
    takes(credentialsSchema, { name: 'ana', password: 'p' });
    refuses(credentialsSchema, { name: 'ana' });
    refuses(credentialsSchema, { name: 'a'.repeat(1_001), password: 'p' });
    refuses(credentialsSchema, { name: 'ana', password: 'p'.repeat(10_001) });
    refuses(credentialsSchema, { name: 'ana', password: 'p', admin: 1 });
  });
});

describe('ids in an address', () => {
  it('are plain', () => {
    takes(eventsQuerySchema, {});
    takes(eventsQuerySchema, { device: 'a-1' });
    refuses(eventsQuerySchema, { device: "a'" });
    takes(deviceParamsSchema, { id: 'a' });
    refuses(deviceParamsSchema, { id: '' });
    refuses(idParamsSchema, { id: 'x'.repeat(limits.idLength + 1) });
  });
});

describe('a passkey', () => {
  it('is taken with members that a later standard adds', () => {
    takes(passkeySignInSchema, { passkey: { ...passkey, authenticatorAttachment: 'platform' }, deviceName: 'Phone' });
    takes(passkeyAdditionSchema, { passkey, name: 'Phone' });
    takes(passkeyNameSchema, { name: 'x'.repeat(limits.passkeyName) });
    refuses(passkeyNameSchema, { name: '' });
    refuses(passkeyNameSchema, { name: 'x'.repeat(limits.passkeyName + 1) });
  });

  it.each(
    named([
      { id: 'a+b' },
      { id: 'a'.repeat(1_401) },
      { rawId: undefined },
      { rawId: 5 },
      { type: 'password' },
      { response: {} },
      { response: { ...response, clientDataJSON: 'a'.repeat(10_001) } },
      { response: { ...response, attestationObject: 'a'.repeat(60_001) } },
      { response: { ...response, authenticatorData: '/' } },
      { response: { ...response, signature: 'a'.repeat(2_001) } },
      { response: { ...response, publicKey: '=' } },
      { response: { ...response, transports: Array<string>(11).fill('usb') } },
      { response: { ...response, transports: ['x'.repeat(41)] } },
      { response: { ...response, ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`m${at}`, 1])) } },
      Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`m${at}`, 1])),
    ]),
  )('is refused with %s', (_, part) => {
    refuses(passkeySignInSchema, { passkey: JSON.parse(JSON.stringify({ ...passkey, ...part })) as unknown });
  });

  it('or a password is the proof that a change of the account asks for', () => {
    takes(passwordChangeSchema, { proof: { password: 'old' }, newPassword: 'new' });
    takes(passwordChangeSchema, { proof: { passkey }, newPassword: 'new' });
    takes(accountDeletionSchema, { proof: {} });
    refuses(accountDeletionSchema, { proof: { code: '123' } });
    refuses(accountDeletionSchema, {});
    refuses(passwordChangeSchema, { proof: {}, newPassword: 'p'.repeat(10_001) });
  });
});

describe('an export', () => {
  it('is JSON or SQLite', () => {
    takes(exportQuerySchema, { format: 'json' });
    takes(exportQuerySchema, { format: 'sqlite' });
    refuses(exportQuerySchema, { format: 'csv' });
  });
});

describe('a push subscription', () => {
  it('is taken with a reminder, without one, and with one at no hour', () => {
    takes(pushRequestSchema, subscription);
    takes(pushRequestSchema, { ...subscription, reminder });
    takes(pushRequestSchema, { ...subscription, reminder: { ...reminder, hour: null } });
  });

  it.each(
    named([
      { endpoint: '' },
      { endpoint: 'x'.repeat(limits.pushEndpoint + 1) },
      { keys: { ...subscription.keys, p256dh: 'B' } },
      { keys: { ...subscription.keys, auth: 'a'.repeat(23) } },
      { keys: { ...subscription.keys, extra: 'x' } },
      { reminder: { ...reminder, hour: 24 } },
      { reminder: { ...reminder, hour: -1 } },
      { reminder: { ...reminder, hour: 1.5 } },
      { reminder: { ...reminder, timeZone: '' } },
      { reminder: { ...reminder, timeZone: 'x'.repeat(limits.timeZone + 1) } },
      { reminder: { ...reminder, text: 'x' } },
      { extra: 1 },
    ]),
  )('is refused with %s', (_, part) => {
    refuses(pushRequestSchema, { ...subscription, ...part });
  });
});
