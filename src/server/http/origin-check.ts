/**
 * Refuses what another site makes a browser send (cross-site request forgery). A request that changes something must say
 * that it comes from our own pages; one that says nothing is refused as well.
 */
import type { FastifyRequest } from 'fastify';
import { RequestFailure } from './failures.ts';
import type { Server } from './server-types.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export function checkOrigins(server: Server): void {
  server.addHook('onRequest', async (request) => {
    if (!safeMethods.has(request.method) && !isOwnOrigin(request)) throw new RequestFailure('forbidden_origin');
  });
}

function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return origin === undefined ? site === 'same-origin' : hostOf(origin) === request.host.toLowerCase();
}

/** By host alone: a proxy that ends TLS makes the scheme seen here another than the browser's. */
function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
