/** Accounts over `fetch`: what comes back is a session or a failure, never a throw. */
import { err, ok, type Result } from '../../base/result.ts';
import type { Failure } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import type { Credentials, SessionReply } from '../../protocol/messages.ts';
import { parseErrorReply, parseSessionReply } from '../../protocol/parse-reply.ts';
import type { AccountApi } from '../sync-api.ts';

interface AccountApiOptions {
  readonly fetch: typeof fetch;
  /** How the session list calls this device. */
  readonly deviceName: string;
}

export function createAccountApi({ fetch: send, deviceName }: AccountApiOptions): AccountApi {
  const ask = async (method: string, path: string, body?: Credentials): Promise<Result<unknown, Failure>> => {
    const timeout = AbortSignal.timeout(limits.requestTimeout);
    try {
      const response = await send(path, {
        method,
        credentials: 'same-origin',
        cache: 'no-store',
        signal: timeout,
        ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
      });
      const reply: unknown = await response.json().catch(() => null);
      return response.ok ? ok(reply) : err(parseErrorReply(response.status, reply));
    } catch (error) {
      return err({ code: timeout.aborted ? 'timeout' : 'offline', detail: String(error) });
    }
  };
  const session = async (method: string, path: string, body?: Credentials): Promise<Result<SessionReply, Failure>> => {
    const reply = await ask(method, path, body);
    return reply.ok ? parseSessionReply(reply.value) : reply;
  };
  return {
    current: () => session('GET', '/api/session'),
    signUp: (name, password) => session('POST', '/api/account', { name, password, deviceName }),
    signIn: (name, password) => session('POST', '/api/session', { name, password, deviceName }),
    signOut: async () => {
      const reply = await ask('DELETE', '/api/session');
      return reply.ok ? ok(null) : reply;
    },
  };
}
