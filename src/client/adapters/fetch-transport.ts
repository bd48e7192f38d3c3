/** The transport port over `fetch`. Whatever happens on the way is a failure, never a throw. */
import { err, ok, type Result } from '../../base/result.ts';
import type { Failure } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import type { SyncRequest } from '../../protocol/messages.ts';
import { packedType } from '../../protocol/packed-pages.ts';
import { parseErrorReply, parsePackedReply, parseSyncReply } from '../../protocol/parse-reply.ts';
import type { ExchangeResult, Transport } from '../../sync/ports.ts';

/** Smaller bodies travel as they are: starting a compressor costs more than it saves. */
const compressFrom = 2_000;

interface FetchTransportOptions {
  readonly fetch: typeof fetch;
  /** Aborted when the storage is wanted elsewhere: the exchange then fails with `storage_busy`. */
  readonly giveWay: AbortSignal;
}

export function createFetchTransport(options: FetchTransportOptions): Transport {
  return {
    async exchange(request) {
      const timeout = AbortSignal.timeout(limits.requestTimeout);
      try {
        return await post(options.fetch, request, AbortSignal.any([timeout, options.giveWay]));
      } catch (error) {
        if (options.giveWay.aborted) return err({ code: 'storage_busy' });
        if (timeout.aborted) return err({ code: 'timeout' });
        return err({ code: 'offline', detail: String(error) });
      }
    },
  };
}

async function post(
  send: typeof fetch,
  request: SyncRequest,
  signal: AbortSignal,
): Promise<Result<ExchangeResult, Failure>> {
  const { body, encoding } = await encode(JSON.stringify(request));
  const response = await send('/api/sync', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: `${packedType}, application/json`, ...encoding },
    credentials: 'same-origin',
    cache: 'no-store',
    body,
    signal,
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isPacked = response.headers.get('content-type') === packedType;
  const parsed = isPacked ? undefined : parseJson(new TextDecoder().decode(bytes));
  if (!response.ok) return err({ ...parseErrorReply(response.status, parsed), ...retryAfter(response) });
  const reply = isPacked ? parsePackedReply(bytes) : parseSyncReply(parsed);
  if (!reply.ok) return reply;
  const received = Number(response.headers.get('content-length') ?? bytes.length);
  return ok({ reply: reply.value, sent: body.byteLength, received });
}

async function encode(json: string): Promise<{ body: Uint8Array<ArrayBuffer>; encoding: Record<string, string> }> {
  const plain = new TextEncoder().encode(json);
  if (plain.byteLength < compressFrom) return { body: plain, encoding: {} };
  const compressed = new Blob([plain]).stream().pipeThrough(new CompressionStream('gzip'));
  return {
    body: new Uint8Array(await new Response(compressed).arrayBuffer()),
    encoding: { 'content-encoding': 'gzip' },
  };
}

/** Half an answer does not parse; undefined then fails the checks of the reply. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` as milliseconds: seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(response: Response): { retryAfter?: number } {
  const header = response.headers.get('retry-after');
  if (header === null) return {};
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) && wait > 0 ? { retryAfter: wait } : {};
}
