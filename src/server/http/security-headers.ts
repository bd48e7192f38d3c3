/**
 * What browsers are told about every reply. No COOP and no COEP: the storage does not need them, and one browser's SQLite
 * hangs at start with them (docs/gotchas.md).
 */
import helmet from '@fastify/helmet';
import Fastify from 'fastify';
import type { Server } from './server-types.ts';

const contentSecurityPolicy = {
  'default-src': ["'self'"],
  // SQLite is WebAssembly.
  'script-src': ["'self'", "'wasm-unsafe-eval'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'worker-src': ["'self'"],
  'manifest-src': ["'self'"],
  'object-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
};

const permissionsPolicy = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'serial', 'usb']
  .map((feature) => `${feature}=()`)
  .join(', ');

export async function addSecurityHeaders(server: Server): Promise<void> {
  const always = { ...(await helmetHeaders()), 'permissions-policy': permissionsPolicy };
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(always);
    // Over plain HTTP it would lock a developer's localhost into HTTPS.
    if (request.protocol === 'https') reply.header('strict-transport-security', 'max-age=31536000');
    done();
  });
}

/** The same for every reply, so helmet is asked once: asked each time it took a tenth of what a push costs. */
async function helmetHeaders(): Promise<Record<string, string>> {
  const mould = Fastify();
  await mould.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
    crossOriginOpenerPolicy: false,
    crossOriginEmbedderPolicy: false,
    originAgentCluster: false,
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  mould.get('/', async (_request, reply) => reply.getHeaders());
  const reply = await mould.inject('/');
  await mould.close();
  return reply.json<Record<string, string>>();
}
