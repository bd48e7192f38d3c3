/**
 * Refuses what another site makes a browser send (cross-site request forgery). A request that changes something must say
 * that it comes from our own pages; one that says nothing is refused as well.
 */
import type { FastifyRequest } from 'fastify';
import { RequestFailure } from './request-failure.ts';
import type { Server } from './server-types.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** With the origin that is configured it is the one; without, any whose host is the one that was asked. */
export function checkOrigins(server: Server, publicOrigin: string | null): void {
  server.addHook('onRequest', async (request) => {
    if (!safeMethods.has(request.method) && !isOwnOrigin(request, publicOrigin))
      throw new RequestFailure('forbidden_origin');
  });
}

function isOwnOrigin(request: FastifyRequest, publicOrigin: string | null): boolean {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === undefined) return site === 'same-origin';
  return publicOrigin === null ? hostOf(origin) === request.host.toLowerCase() : origin === publicOrigin;
}

/** By host alone: a proxy that ends TLS makes the scheme seen here another than the browser's. */
function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
