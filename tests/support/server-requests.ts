/** Requests as the app would send them, with parts to replace in a test of what is refused. */
import type { InjectOptions } from 'fastify';
import { v7 } from 'uuid';
import type { Value } from '../../src/base/value.ts';
import type { Change, SyncReply, SyncRequest } from '../../src/protocol/messages.ts';
import { protocolVersion } from '../../src/protocol/version.ts';
import { schemaVersion } from '../../src/schema/tables.ts';
import { stampAt } from '../../src/sync/clock.ts';
import type { TestServer } from './server-harness.ts';

/** The time of tests that set the clock: 2026-01-01. */
export const testTime = Date.UTC(2026, 0, 1);

export interface SignedUp {
  readonly user: string;
  readonly cookie: string;
}

/** Headers of a request of our own page. */
export const sameOrigin = { host: 'localhost', origin: 'http://localhost' } as const;

export async function signUp({ app }: TestServer, name = `person ${v7()}`): Promise<SignedUp> {
  const reply = await app.inject({
    method: 'POST',
    url: '/api/account',
    headers: sameOrigin,
    payload: { name, password: 'correct horse' },
  });
  return { user: reply.json<{ user: { id: string } }>().user.id, cookie: cookieOf(reply.headers['set-cookie']) };
}

/** The last session cookie that a reply sets, as a request sends it. */
export function cookieOf(header: string | string[] | undefined): string {
  const last = [header ?? []].flat().at(-1) ?? '';
  return last.split(';')[0]!;
}

export function syncRequest(user: string, parts: Partial<SyncRequest> = {}): SyncRequest {
  return {
    protocol: protocolVersion,
    schema: schemaVersion,
    user,
    device: 'device-a',
    writers: [],
    epoch: '',
    cursor: 0,
    known: 0,
    changes: [],
    limit: 1_000,
    ...parts,
  };
}

export function syncCall({ cookie }: SignedUp, payload: unknown): InjectOptions {
  return {
    method: 'POST',
    url: '/api/sync',
    headers: { ...sameOrigin, cookie, 'content-type': 'application/json' },
    payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  };
}

export async function sync(server: TestServer, who: SignedUp, parts: Partial<SyncRequest> = {}): Promise<SyncReply> {
  const reply = await server.app.inject(syncCall(who, syncRequest(who.user, parts)));
  if (reply.statusCode !== 200) throw new Error(`Sync was refused: ${reply.statusCode} ${reply.body}`);
  return reply.json<SyncReply>();
}

/** A new setting, the smallest row there is. */
export function settingInsert(id: string, value: string, parts: Partial<Change> = {}): Change {
  return {
    table: 'setting',
    id,
    op: 'insert',
    stamp: stampAt(testTime),
    baseSeq: 0,
    values: { key: id, value },
    ...parts,
  };
}

export function settingUpdate(id: string, value: string, parts: Partial<Change> = {}): Change {
  return { table: 'setting', id, op: 'update', stamp: stampAt(testTime) + 1, baseSeq: 1, values: { value }, ...parts };
}

/** The pulled rows of a table by id; a deleted one is null. */
export function rowsOf(reply: Pick<SyncReply, 'changes'>, table: string): Record<string, Record<string, Value> | null> {
  const page = reply.changes.find((candidate) => candidate.table === table);
  if (!page) return {};
  return Object.fromEntries(
    page.ids.map((id, at) => [
      id,
      page.deleted.includes(at)
        ? null
        : Object.fromEntries(page.columns.map((column, index) => [column, page.values[index]![at]!])),
    ]),
  );
}
