/** Reads replies about sessions, passkeys and Web Push in the client. */
import { err, ok, type Result } from '../base/result.ts';
import type { PasskeysReply, PushReply, SessionsReply } from './account-messages.ts';
import type { Failure } from './errors.ts';

export function parseSessionsReply(body: unknown): Result<SessionsReply, Failure> {
  const fits = isListOf(
    body,
    'sessions',
    ({ id, deviceName, createdAt, usedAt, current }) =>
      [typeof id, typeof deviceName, typeof createdAt, typeof usedAt, typeof current].join() ===
      'string,string,number,number,boolean',
  );
  return fits ? ok(body as SessionsReply) : err({ code: 'bad_reply', detail: 'not a list of sessions' });
}

export function parsePasskeysReply(body: unknown): Result<PasskeysReply, Failure> {
  const fits = isListOf(body, 'passkeys', ({ id, name, createdAt, usedAt }) => {
    const used = usedAt === null ? 'number' : typeof usedAt;
    return [typeof id, typeof name, typeof createdAt, used].join() === 'string,string,number,number';
  });
  return fits ? ok(body as PasskeysReply) : err({ code: 'bad_reply', detail: 'not a list of passkeys' });
}

export function parsePushReply(body: unknown): Result<PushReply, Failure> {
  const { key, subscription } = isRecord(body) ? body : {};
  const fits = (key === null || typeof key === 'string') && (subscription === null || isSubscription(subscription));
  return fits ? ok(body as PushReply) : err({ code: 'bad_reply', detail: 'not about Web Push' });
}

function isSubscription(value: unknown): boolean {
  if (!isRecord(value) || typeof value['endpoint'] !== 'string') return false;
  const { reminder } = value;
  if (!isRecord(reminder)) return reminder === null;
  return typeof reminder['hour'] === 'number' && typeof reminder['timeZone'] === 'string';
}

type Fields = Readonly<Record<string, unknown>>;

function isListOf(body: unknown, name: string, fits: (item: Fields) => boolean): boolean {
  const list = isRecord(body) ? body[name] : undefined;
  return Array.isArray(list) && list.every((item: unknown) => isRecord(item) && fits(item));
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
