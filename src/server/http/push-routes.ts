/**
 * Web Push of the browser that asks: what to subscribe with, being woken, and not any more. A subscription is its session's,
 * so one person's browser never learns of another's, and it ends with the session.
 */
import { createECDH } from 'node:crypto';
import type { PushReply, PushRequest } from '../../protocol/account-messages.ts';
import { pushRequestSchema } from '../../protocol/account-schema.ts';
import type { NewSubscription } from '../push-store.ts';
import type { PushPort } from './push-port.ts';
import { RequestFailure } from './request-failure.ts';
import type { RouteContext, Server } from './server-types.ts';

/** A browser asks for little: once when the person says yes, and when its push service moves it. From one address. */
const config = { rateLimit: { max: 120, timeWindow: 3_600_000 } };
const tags = ['push'];

export function addPushRoutes(server: Server, { store, sessions, clock, push }: RouteContext): void {
  const about = { tags, summary: 'What to subscribe with, and whether this browser is woken.' };
  server.get('/api/push', { schema: about }, async (request, reply) => {
    const { tokenHash } = await sessions.required(request, reply);
    const answer: PushReply = { key: push?.publicKey ?? null, subscription: await store.findPush(tokenHash) };
    return reply.header('cache-control', 'no-store').send(answer);
  });

  const waking = { tags, summary: 'Wake this browser when there is news.', body: pushRequestSchema };
  server.put('/api/push', { schema: waking, config }, async (request, reply) => {
    const { user, tokenHash: session } = await sessions.required(request, reply);
    const { endpoint, keys } = request.body;
    if (!push?.takesEndpoint(endpoint) || !isPoint(keys.p256dh)) throw new RequestFailure('push_refused');
    const reminder = reminderOf(request.body, push);
    await store.subscribePush({
      ...{ user: user.id, session, reminder, now: clock.now() },
      target: { endpoint, ...keys },
    });
    return reply.code(204).send();
  });

  const letting = { tags, summary: 'Wake this browser no more.' };
  server.delete('/api/push', { schema: letting }, async (request, reply) => {
    const { tokenHash } = await sessions.required(request, reply);
    await store.unsubscribePush(tokenHash);
    return reply.code(204).send();
  });
}

function reminderOf({ reminder }: PushRequest, push: PushPort): NewSubscription['reminder'] {
  if (!reminder || reminder.hour === null) return reminder && null;
  const time = { hour: reminder.hour, timeZone: reminder.timeZone };
  const nextAt = push.reminderAt(time);
  if (nextAt === null) throw new RequestFailure('invalid', 'there is no such time zone');
  return { ...time, nextAt };
}

/** Whether messages can be encrypted with it: a point of the curve. */
function isPoint(p256dh: string): boolean {
  const own = createECDH('prime256v1');
  own.generateKeys();
  try {
    own.computeSecret(Buffer.from(p256dh, 'base64url'));
    return true;
  } catch {
    return false;
  }
}
