/**
 * `POST /api/sync`. The order of the checks matters to clients: an app that is too old must hear that it has to update
 * even when the rest of what it sent is no longer understood (docs/spec/protocol.md).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { limits } from '../../protocol/limits.ts';
import type { Change, SyncReply, SyncRequest } from '../../protocol/messages.ts';
import { packedType, packPages, withHead } from '../../protocol/packed-pages.ts';
import { syncRequestSchema } from '../../protocol/request-schema.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { latestStamp } from '../../sync/change.ts';
import { timeOf } from '../../sync/clock.ts';
import { sendFailure } from './failures.ts';
import { isLongPull, noTurn, type Turn } from './long-pulls.ts';
import type { RouteContext, Server } from './server-types.ts';
import type { SignedIn } from './sessions.ts';

/** Rows. */
const packedFrom = 500;

export function addSyncRoute(server: Server, context: RouteContext): void {
  const { clock, config, longPulls } = context;
  server.post(
    '/api/sync',
    {
      schema: { body: syncRequestSchema, tags: ['sync'], summary: 'Push changes and pull rows in one round trip' },
      config: { rateLimit: { max: config.syncsPerMinute, timeWindow: 60_000 } },
      preValidation: async (request, reply) => {
        if (isOtherVersion(request.body)) return sendFailure(reply, { code: 'outdated', serverTime: clock.now() });
        return undefined;
      },
    },
    async (request, reply) => {
      const end = isLongPull(request.body) ? null : longPulls.beginShort();
      try {
        return await serve(context, request.body, reply);
      } finally {
        end?.();
      }
    },
  );
}

/** Whether the body names a version of the wire format, and not ours. */
function isOtherVersion(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('protocol' in body)) return false;
  return Number.isInteger(body.protocol) && body.protocol !== protocolVersion;
}

async function serve(context: RouteContext, request: SyncRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { store, clock, sessions, longPulls } = context;
  const session = await sessions.current(reply.request, reply);
  if (!session) {
    // Whoever knows the id of an account may learn that it is gone: its own devices.
    const known = (await store.getAccount(request.user)) !== null;
    return sendFailure(reply, { code: known ? 'signed_out' : 'account_gone' });
  }
  const user = session.user.id;
  if (request.user !== user) return sendFailure(reply, { code: 'wrong_account' });
  const now = clock.now();
  if (isAhead(request, now)) return sendFailure(reply, { code: 'clock_ahead', serverTime: now });
  const turn = isLongPull(request) ? await longPulls.turn(user) : noTurn;
  if (turn === null) return sendFailure(reply, { code: 'unavailable' });
  try {
    return await exchange(context, { request, reply, session, turn });
  } finally {
    turn.end();
  }
}

interface Exchanging {
  readonly request: SyncRequest;
  readonly reply: FastifyReply;
  readonly session: SignedIn;
  readonly turn: Turn;
}

async function exchange(context: RouteContext, { request, reply, session, turn }: Exchanging): Promise<FastifyReply> {
  const { store, clock, pokes, push, metrics } = context;
  // Its device gave up while it waited.
  if (reply.raw.destroyed) return reply.hijack();
  const user = session.user.id;
  const now = clock.now();
  const { schema, device, writers, epoch, cursor, known, changes, limit, preview } = request;
  const from = { user, device, schema, session: session.tokenHash, writers, epoch, cursor, known };
  const exchanged = await store.exchange({ ...from, changes, limit, preview, now });
  if (!exchanged.ok) return sendFailure(reply, exchanged.error);
  const pulled = exchanged.value;
  if (pulled.changed) {
    pokes.publish({ user, head: pulled.head, from: device });
    push?.changed({ user, session: session.tokenHash, kind: newsIn(changes) });
  }
  if (limit > 0 && !pulled.more) push?.caughtUp(user, session.tokenHash);
  metrics.exchange({
    statuses: pulled.results.map(({ status }) => status),
    rowsPulled: pulled.changes.reduce((sum, { ids }) => sum + ids.length, 0),
  });
  const answer: SyncReply = {
    results: pulled.results,
    changes: pulled.changes,
    cursor: pulled.cursor,
    epoch: pulled.epoch,
    head: pulled.head,
    more: pulled.more,
    ...(pulled.preview ? { preview: true } : {}),
    clock: pulled.clock,
    serverTime: now,
  };
  reply.header('cache-control', 'no-store');
  const packed = packedAnswer(reply.request, answer);
  // Serialized here and not by a response schema: for columns of mixed values that is several times slower.
  const body = packed ?? JSON.stringify(answer);
  turn.sends(body.length, reply.raw);
  return reply.type(packed ? packedType : 'application/json; charset=utf-8').send(body);
}

/** The rows as bytes, for a client that reads them, where there are so many that it is worth it. */
function packedAnswer(request: FastifyRequest, answer: SyncReply): Buffer | null {
  const rows = answer.changes.reduce((sum, { ids }) => sum + ids.length, 0);
  if (rows < packedFrom || !request.headers.accept?.includes(packedType)) return null;
  const pages = packPages(answer.changes);
  return pages && Buffer.from(withHead({ ...answer, changes: [] }, [pages]).buffer);
}

/** A clock that runs ahead would win every conflict until the others catch up. */
function isAhead({ changes }: SyncRequest, now: number): boolean {
  return changes.some((change) => timeOf(latestStamp(change)) > now + limits.clockAhead);
}

/** What the account's other devices would be woken for. */
function newsIn(changes: readonly Change[]): 'message' | 'edit' {
  const isAnswer = ({ table, op, values }: Change): boolean =>
    table === 'message' && op === 'insert' && values?.['author'] === 'tutor';
  return changes.some(isAnswer) ? 'message' : 'edit';
}
