/**
 * One line in the log and one observation for each request: method, route, status, time and the request's id, which the
 * reply carries too, so that a person's report leads to the line. No address, name, query or value.
 */
import type { Metrics } from '../metrics.ts';
import type { Server } from './server-types.ts';

export function observeRequests(server: Server, metrics: Metrics): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const milliseconds = Math.round(reply.elapsedTime * 10) / 10;
    const seen = { method, route: routeOptions.url ?? 'unknown', status: reply.statusCode, milliseconds };
    request.log.info(seen, 'request');
    metrics.request(seen);
  });
}
