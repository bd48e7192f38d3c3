/**
 * Reads a JSON body: bounded while it arrives and while it inflates, so that neither a large body nor a small one that
 * inflates to a large one ("gzip bomb") costs more memory than the limit.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { err, ok, type Result } from '../../base/result.ts';
import { limits } from '../../protocol/limits.ts';
import { RequestFailure } from './request-failure.ts';
import type { Server } from './server-types.ts';

export type BodyFault = 'too_large' | 'malformed' | 'unsupported_media_type';

export function acceptJson(server: Server): void {
  // Refuses `__proto__` and `constructor.prototype` as keys: they would change what objects are.
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', (request, payload, done) => {
    const fail = (fault: BodyFault): void => done(new RequestFailure(fault));
    readBody(payload, request.headers)
      .then((body) => (body.ok ? parseText(request, { body: body.value, parse, done, fail }) : fail(body.error)))
      .catch(done);
  });
}

type JsonParser = ReturnType<Server['getDefaultJsonParser']>;

interface Parsing {
  readonly body: Buffer;
  readonly parse: JsonParser;
  readonly done: (error: Error | null, body?: unknown) => void;
  readonly fail: (fault: BodyFault) => void;
}

function parseText(request: FastifyRequest, { body, parse, done, fail }: Parsing): void {
  const text = decodeUtf8(body);
  if (text === null) return fail('malformed');
  void parse(request, text, (error, value) => (error ? fail('malformed') : done(null, value)));
}

/** Null for bytes that are not UTF-8: with replacement characters, something else would be stored than was typed. */
function decodeUtf8(body: Buffer): string | null {
  return isUtf8(body) ? body.toString('utf8') : null;
}

export function readBody(payload: Readable, headers: IncomingHttpHeaders): Promise<Result<Buffer, BodyFault>> {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') return Promise.resolve(err('unsupported_media_type'));
  if (Number(headers['content-length']) > limits.requestBytes) return Promise.resolve(err('too_large'));
  return collect(payload, encoding === 'gzip' ? payload.pipe(createGunzip()) : payload);
}

/** `body` is `payload` itself or what it inflates to. */
function collect(payload: Readable, body: Readable): Promise<Result<Buffer, BodyFault>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let arrived = 0;
    let inflated = 0;
    const end = (result: Result<Buffer, BodyFault>): void => {
      if (body !== payload) {
        payload.unpipe();
        body.destroy();
      }
      payload.pause();
      resolve(result);
    };
    body.on('data', (chunk: Buffer) => {
      inflated += chunk.length;
      if (inflated > limits.requestBytes) return end(err('too_large'));
      chunks.push(chunk);
    });
    body.on('end', () => end(ok(Buffer.concat(chunks))));
    body.on('error', () => end(err('malformed')));
    // Counted apart: empty blocks arrive without inflating to anything.
    payload.on('data', (chunk: Buffer) => {
      arrived += chunk.length;
      if (arrived > limits.requestBytes) end(err('too_large'));
    });
    payload.on('error', () => end(err('malformed')));
    // Closing before its end is how a lost connection shows; closing after it, a large body may still be inflating.
    payload.on('close', () => {
      if (!payload.readableEnded) end(err('malformed'));
    });
  });
}
