/** One question to the server over `fetch`: what comes back is a value or a failure, never a throw. */
import { err, ok, type Result } from '../../base/result.ts';
import type { Failure } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import { parseErrorReply } from '../../protocol/parse-reply.ts';

/** The value is the reply's JSON, or null when it has none. */
export type Ask = (method: string, path: string, body?: object) => Promise<Result<unknown, Failure>>;

export function askOver(send: typeof fetch): Ask {
  return async (method, path, body) => {
    const timeout = AbortSignal.timeout(limits.requestTimeout);
    try {
      const response = await send(path, {
        method,
        credentials: 'same-origin',
        cache: 'no-store',
        signal: timeout,
        ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
      });
      if (!response.ok) return err(await failureOf(response));
      return ok(await response.json().catch(() => null));
    } catch (error) {
      return err({ code: timeout.aborted ? 'timeout' : 'offline', detail: String(error) });
    }
  };
}

export async function failureOf(response: Response): Promise<Failure> {
  const reply: unknown = await response.json().catch(() => null);
  const wait = Number(response.headers.get('retry-after') ?? 0) * 1_000;
  return { ...parseErrorReply(response.status, reply), ...(wait > 0 ? { retryAfter: wait } : {}) };
}
