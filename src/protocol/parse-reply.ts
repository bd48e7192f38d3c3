/**
 * Reads a reply of `POST /api/sync` in the client. Nothing that passes can make the store fail half-way: every array has
 * the length it must have and every value is of a kind that a column can hold.
 */
import { err, ok, type Result } from '../base/result.ts';
import type { Failure } from './errors.ts';
import { errors, isErrorCode } from './errors.ts';
import type { ChangeStatus, DeviceEntry, DevicesReply, SessionReply, SyncReply } from './messages.ts';
import { splitHead } from './packed-pages.ts';

const statuses: readonly unknown[] = ['applied', 'merged', 'duplicate', 'resend', 'rejected'] satisfies ChangeStatus[];

export function parseSyncReply(body: unknown): Result<SyncReply, Failure> {
  const wrong = explain(body);
  return wrong === null ? ok(body as SyncReply) : err({ code: 'bad_reply', detail: wrong });
}

/** A reply whose rows come as bytes: what it says in JSON, with them. They are read where they are stored. */
export function parsePackedReply(body: Uint8Array): Result<SyncReply, Failure> {
  const { head, rest } = splitHead(body);
  const reply = parseSyncReply(head);
  return reply.ok ? ok({ ...reply.value, packed: [rest.slice()] }) : reply;
}

export function parseSessionReply(body: unknown): Result<SessionReply, Failure> {
  const user = isRecord(body) ? body['user'] : undefined;
  const fits = isRecord(user) && typeof user['id'] === 'string' && typeof user['name'] === 'string';
  return fits ? ok(body as SessionReply) : err({ code: 'bad_reply', detail: 'not a session' });
}

export function parseDevicesReply(body: unknown): Result<DevicesReply, Failure> {
  const devices = isRecord(body) ? body['devices'] : undefined;
  const fits = Array.isArray(devices) && devices.every(isDevice);
  return fits ? ok({ devices: devices.map(deviceOf) }) : err({ code: 'bad_reply', detail: 'not a list of devices' });
}

/** The failure that an error reply means. A body that is not ours (a proxy's page) is judged by its status. */
export function parseErrorReply(status: number, body: unknown): Failure {
  const error = isRecord(body) && isRecord(body['error']) ? body['error'] : {};
  const code = error['code'];
  const time = isWhole(error['serverTime']) ? { serverTime: error['serverTime'] } : {};
  const sequence = isWhole(error['sequence']) ? { sequence: error['sequence'] } : {};
  if (isErrorCode(code) && errors[code].status === status) return { code, ...time, ...sequence };
  if (status === 401) return { code: 'signed_out' };
  if (status === 413) return { code: 'too_large' };
  if (status === 429) return { code: 'too_many_requests' };
  return { code: status >= 500 ? 'unavailable' : 'bad_reply', detail: `status ${status}` };
}

function explain(body: unknown): string | null {
  if (!isRecord(body)) return 'not an object';
  const { results, changes, packed, cursor, epoch, head, more, preview, clock, serverTime } = body;
  if (![cursor, head, clock, serverTime].every(isWhole)) return 'cursor, head, clock or serverTime';
  if (typeof epoch !== 'string') return 'epoch';
  if (typeof more !== 'boolean') return 'more';
  if (preview !== undefined && preview !== true) return 'preview';
  if (!Array.isArray(results) || !results.every(isResult)) return 'results';
  if (!Array.isArray(changes) || !changes.every(isPage)) return 'changes';
  if (packed !== undefined) return 'packed';
  return null;
}

/** As servers send it: older ones leave the session out. */
type SentDevice = Omit<DeviceEntry, 'session'> & Partial<Pick<DeviceEntry, 'session'>>;

function isDevice(device: unknown): device is SentDevice {
  if (!isRecord(device)) return false;
  const { id, name, firstSeen, lastSeen, session = null } = device;
  const named = typeof id === 'string' && typeof name === 'string';
  return named && isWhole(firstSeen) && isWhole(lastSeen) && (session === null || typeof session === 'string');
}

function deviceOf(device: SentDevice): DeviceEntry {
  return { ...device, session: device.session ?? null };
}

function isResult(result: unknown): boolean {
  if (!isRecord(result)) return false;
  const { status, seq, error } = result;
  const explained = error === undefined || (isRecord(error) && typeof error['code'] === 'string');
  return statuses.includes(status) && isWhole(seq) && explained;
}

function isPage(page: unknown): boolean {
  if (!isRecord(page)) return false;
  const { table, ids, seqs, deleted, columns, values } = page;
  if (typeof table !== 'string' || !Array.isArray(ids) || !Array.isArray(seqs) || !Array.isArray(deleted)) return false;
  if (!Array.isArray(columns) || !Array.isArray(values) || values.length !== columns.length) return false;
  const rows = ids.length;
  return (
    ids.every((id) => typeof id === 'string') &&
    seqs.length === rows &&
    seqs.every((seq) => isWhole(seq) && seq > 0) &&
    deleted.every((index) => isWhole(index) && index < rows) &&
    columns.every((column) => typeof column === 'string') &&
    values.every((column) => Array.isArray(column) && column.length === rows && column.every(isValue))
  );
}

function isValue(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'number';
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
