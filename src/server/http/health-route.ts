/** `GET /api/health`: whether a sync could be served now. Clients decide by it whether they are online. */
import type { RouteContext, Server } from './server-types.ts';

export function addHealthRoute(server: Server, { store, clock }: RouteContext): void {
  server.get('/api/health', async (_request, reply) => {
    await store.check();
    return reply.header('cache-control', 'no-store').send({ status: 'ok', serverTime: clock.now() });
  });
}
