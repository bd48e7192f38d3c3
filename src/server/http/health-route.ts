/**
 * Two questions about the server. `GET /api/health`: does it answer at all? Clients decide by it whether they are online,
 * a supervisor whether to restart it. `GET /api/ready`: can it serve a sync now? A load balancer sends nobody here while
 * the storage does not answer or the server is being stopped.
 */
import { RequestFailure } from './request-failure.ts';
import type { RouteContext, Server } from './server-types.ts';

export function addHealthRoutes(server: Server, { store, clock, isStopping }: RouteContext): void {
  const answer = () => ({ status: 'ok' as const, serverTime: clock.now() });

  server.get('/api/health', { schema: { tags: ['health'], summary: 'Does the server answer?' } }, (_request, reply) =>
    reply.header('cache-control', 'no-store').send(answer()),
  );
  server.get(
    '/api/ready',
    { schema: { tags: ['health'], summary: 'Can the server serve a sync now?' } },
    async (_request, reply) => {
      if (isStopping()) throw new RequestFailure('unavailable', 'the server is being stopped');
      await store.check();
      return reply.header('cache-control', 'no-store').send(answer());
    },
  );
}
