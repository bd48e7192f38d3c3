/** Where the account is signed in, and signing out there. */
import type { SessionsReply } from '../../protocol/account-messages.ts';
import { idParamsSchema } from '../../protocol/account-schema.ts';
import { sendFailure } from './failures.ts';
import type { RouteContext, Server } from './server-types.ts';

const tags = ['account'];

export function addSessionRoutes(server: Server, { store, clock, sessions, hub }: RouteContext): void {
  server.get('/api/sessions', { schema: { tags, summary: 'Where one is signed in.' } }, async (request, reply) => {
    const { user, id: current } = await sessions.required(request, reply);
    const listed = await store.listSessions(user.id, clock.now());
    const answer: SessionsReply = {
      sessions: listed.map(({ id, deviceName, createdAt, usedAt }) => ({
        id,
        deviceName,
        createdAt,
        usedAt,
        current: id === current,
      })),
    };
    return reply.header('cache-control', 'no-store').send(answer);
  });

  server.delete(
    '/api/sessions',
    { schema: { tags, summary: 'Signs out everywhere else.' } },
    async (request, reply) => {
      const { user, tokenHash } = await sessions.required(request, reply);
      for (const ended of await store.endOtherSessions(user.id, tokenHash)) hub.closeSession(ended);
      return reply.code(204).send();
    },
  );

  server.delete(
    '/api/sessions/:id',
    { schema: { tags, summary: 'Signs out there.', params: idParamsSchema } },
    async (request, reply) => {
      const { user, id: current } = await sessions.required(request, reply);
      const ended = await store.endSession(user.id, request.params.id);
      if (ended === null) return sendFailure(reply, { code: 'not_found' });
      hub.closeSession(ended);
      if (request.params.id === current) sessions.forget(reply);
      return reply.code(204).send();
    },
  );
}
