/**
 * Every reply that is not a success: `{error: {code, message, …}}` with the code's status. Nothing that a client sent is
 * repeated in it, and no stack.
 */
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { errors, type ErrorCode } from '../../protocol/errors.ts';
import type { ErrorReply } from '../../protocol/messages.ts';
import { StoreUnavailable, UnknownAccount } from '../change-store.ts';
import { RequestFailure } from './request-failure.ts';
import type { Server } from './server-types.ts';

/** What a client waits after `unavailable`, in seconds. */
const retryAfter = 5;

export interface FailureOptions {
  readonly code: ErrorCode;
  /** For an engineer; the person's words stand in for it. Must hold nothing that the client sent. */
  readonly detail?: string | undefined;
  readonly serverTime?: number;
  readonly sequence?: number;
}

export function sendFailure(reply: FastifyReply, failure: FailureOptions): FastifyReply {
  const { code, detail, serverTime, sequence } = failure;
  const body: ErrorReply = {
    error: {
      code,
      message: detail ?? errors[code].words,
      ...(serverTime === undefined ? {} : { serverTime }),
      ...(sequence === undefined ? {} : { sequence }),
      requestId: reply.request.id,
    },
  };
  const status = errors[code].status ?? 500;
  if (status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', retryAfter);
  return reply.code(status).header('cache-control', 'no-store').type('application/json; charset=utf-8').send(body);
}

export function handleFailures(server: Server): void {
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const code = codeOf(error);
    if (code === 'internal' || code === 'unavailable') request.log.error({ err: loggable(error) }, 'request failed');
    return sendFailure(reply, { code, detail: detailOf(error) });
  });
}

/** A request that Fastify gives up before any route, such as one whose address cannot be decoded. */
export function refuseBeforeRouting(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  sendFailure(reply, { code: codeOf(error) });
}

/** What is not a whole HTTP request, or not in time: there is no reply yet, only the socket. */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const [status, code] = connectionFaults[error.code ?? ''] ?? ['400 Bad Request', 'malformed'];
    const body = JSON.stringify({ error: { code, message: errors[code].words } } satisfies ErrorReply);
    const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n`;
    socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
  socket.destroy(error);
}

const connectionFaults: Readonly<Record<string, readonly [status: string, code: ErrorCode]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'malformed'],
};

/** For paths that are nobody's. */
export function sendNotFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendFailure(reply, { code: 'not_found' });
}

function codeOf(error: FastifyError): ErrorCode {
  if (error instanceof RequestFailure) return error.failure;
  if (error instanceof StoreUnavailable) return 'unavailable';
  if (error instanceof UnknownAccount) return 'account_gone';
  if (error.validation) return 'invalid';
  switch (error.statusCode) {
    case 413:
      return 'too_large';
    case 415:
      return 'unsupported_media_type';
    case 429:
      return 'too_many_requests';
    case 403:
    case 404:
      return 'not_found';
    case 503:
      return 'unavailable';
    default:
      return error.statusCode !== undefined && error.statusCode < 500 ? 'malformed' : 'internal';
  }
}

/** Where a body breaks the schema, by the schema's own path: the body's would hold names that the client chose. */
function detailOf(error: FastifyError): string | undefined {
  if (error instanceof RequestFailure) return error.message;
  const first = error.validation?.[0];
  return first ? `${error.validationContext ?? 'body'} breaks ${first.schemaPath}` : undefined;
}

/** Messages of SQLite and of Node name no values; messages of other errors might, so only their place is kept. */
export function loggable(error: Error): { type: string; message: string; stack: string } {
  const message = error instanceof StoreUnavailable ? error.message : error.name;
  const stack = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return { type: error.name, message, stack: stack.join('\n') };
}
