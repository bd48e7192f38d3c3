/**
 * What browsers are told about every reply. No COOP and no COEP: the storage does not need them, and one browser's SQLite
 * hangs at start with them (docs/gotchas.md).
 */
import helmet from '@fastify/helmet';
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
  await server.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
    crossOriginOpenerPolicy: false,
    crossOriginEmbedderPolicy: false,
    originAgentCluster: false,
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  server.addHook('onRequest', async (request, reply) => {
    reply.header('permissions-policy', permissionsPolicy);
    // Over plain HTTP it would lock a developer's localhost into HTTPS.
    if (request.protocol === 'https') reply.header('strict-transport-security', 'max-age=31536000');
  });
}
