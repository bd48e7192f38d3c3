/**
 * The built app. Files under `/assets/` carry a hash of their content in the name and are kept for ever; everything else
 * is asked for anew each time, above all the service worker: a cached one would hold every later version back.
 */
import compress from '@fastify/compress';
import files from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendNotFound } from './failures.ts';
import type { Server } from './server-types.ts';

const compressible = /^text\/(?!event-stream)|\/(json|javascript|wasm|manifest\+json|svg\+xml)(;|$)/;

export async function addAppFiles(server: Server, directory: string): Promise<void> {
  await server.register(async (app: Server) => {
    app.addHook('onSend', async (request, reply) => {
      reply.header('cache-control', cachePolicy(request.url, reply.statusCode));
    });
    await app.register(compress, {
      encodings: ['gzip', 'identity'],
      globalDecompression: false,
      customTypes: compressible,
      zlibOptions: { level: 6 },
    });
    await app.register(files, {
      root: directory,
      cacheControl: false,
      // The build may put `file.js.br` or `file.js.gz` beside a file.
      preCompressed: true,
    });
  });
}

export function cachePolicy(url: string, status: number): string {
  if (status >= 400) return 'no-store';
  return url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/** A page's address that only the app's router knows gets the app; everything else that is missing is missing. */
export function sendAppOrNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isPage = request.method === 'GET' || request.method === 'HEAD';
  const wantsPage = request.headers.accept?.includes('text/html') ?? false;
  if (!isPage || !wantsPage || isApi(request.url)) return sendNotFound(request, reply);
  return reply.header('cache-control', 'no-cache').sendFile('index.html');
}

function isApi(url: string): boolean {
  return /^\/api([/?]|$)/.test(url);
}
