/**
 * `GET /api/docs`: the API as an OpenAPI document, made from the very schemas that requests are checked by. Every
 * route of the API is in it, and may end with the failures of `protocol/errors.ts`.
 */
import swagger from '@fastify/swagger';
import { errors } from '../../protocol/errors.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { Server } from './server-types.ts';

const errorReply = {
  type: 'object',
  required: ['error'] as string[],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'] as string[],
      properties: {
        code: { type: 'string', enum: Object.keys(errors) },
        message: { type: 'string' },
        serverTime: { type: 'integer', description: 'Milliseconds since 1970, where the clock matters.' },
        requestId: { type: 'string', description: 'Names the request in the log of the server.' },
      },
    },
  },
} as const;

/** To be called before the routes are added. */
export async function describeApi(server: Server): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lorikeet',
        version: String(protocolVersion),
        description: 'Sync of one account over its devices, and the account itself. docs/spec/protocol.md says why.',
      },
      components: {
        securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'lorikeet_session' } },
        responses: {
          Failure: {
            description: 'A failure by its code. What a client does about each: src/protocol/errors.ts.',
            content: { 'application/json': { schema: errorReply } },
          },
        },
      },
    },
  });
  let document: string | null = null;
  server.get('/api/docs', async (_request, reply) => {
    document ??= JSON.stringify(withFailures(server.swagger() as unknown as ApiDocument));
    return reply.header('cache-control', 'no-cache').type('application/json; charset=utf-8').send(document);
  });
}

interface ApiDocument {
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
}

/** Not declared on the routes themselves: replies are written as they are, not through a second schema. */
function withFailures(document: ApiDocument): ApiDocument {
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    operation.responses = { ...operation.responses, default: { $ref: '#/components/responses/Failure' } };
  }
  return document;
}
