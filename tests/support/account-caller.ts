/** A browser of one person in tests of the API: keeps its cookies, sends what a page of ours would send. */
import type { LightMyRequestResponse } from 'fastify';
import type { ErrorReply } from '../../src/protocol/messages.ts';
import type { TestServer } from './server-harness.ts';
import { sameOrigin, signUp } from './server-requests.ts';

export type Route = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} ${string}`;

export class AccountCaller {
  readonly #server: TestServer;
  readonly #cookies = new Map<string, string>();
  user = '';

  constructor(server: TestServer) {
    this.#server = server;
  }

  static async signedUp(server: TestServer, name?: string): Promise<AccountCaller> {
    const caller = new AccountCaller(server);
    const who = await signUp(server, name);
    caller.cookie = who.cookie;
    caller.user = who.user;
    return caller;
  }

  static async signedIn(server: TestServer, body: { name: string; password: string }): Promise<AccountCaller> {
    const caller = new AccountCaller(server);
    const reply = await caller.call('POST /api/session', body);
    caller.user = reply.json<{ user: { id: string } }>().user.id;
    return caller;
  }

  /** As a request sends it. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  set cookie(header: string) {
    this.#cookies.clear();
    for (const part of header.split('; ').filter(Boolean)) {
      const [name = '', value = ''] = part.split('=');
      this.#cookies.set(name, value);
    }
  }

  takeCookie(name: string, from: AccountCaller): void {
    this.#cookies.set(name, from.#cookies.get(name) ?? '');
  }

  async call(route: Route, body?: object, headers?: Record<string, string>): Promise<LightMyRequestResponse> {
    const [method, url] = route.split(' ') as ['GET', string];
    const { cookie } = this;
    const reply = await this.#server.app.inject({
      method,
      url,
      headers: { ...sameOrigin, ...(cookie === '' ? {} : { cookie }), ...headers },
      ...(body ? { payload: body } : {}),
    });
    for (const { name, value } of reply.cookies) {
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return reply;
  }
}

/** The status, with the code where it is a failure. */
export function outcome(reply: LightMyRequestResponse): unknown {
  return reply.statusCode >= 400 ? [reply.statusCode, reply.json<ErrorReply>().error.code] : reply.statusCode;
}
