/** What an account holds on a server, asked over its API as a device of its own would. */
import type { SyncReply } from '../../src/protocol/messages.ts';
import type { Credentials } from './app-page.ts';
import { cookieOf, rowsOf, syncRequest } from './server-requests.ts';

type Rows = ReturnType<typeof rowsOf>;

/** The rows of a table by id; those that were deleted are null. */
export async function accountRows(origin: string, credentials: Credentials, table: string): Promise<Rows> {
  const session = await post(`${origin}/api/session`, { body: credentials });
  const { user } = (await session.json()) as { readonly user: { readonly id: string } };
  const cookie = cookieOf(session.headers.getSetCookie());
  const reply = await post(`${origin}/api/sync`, { cookie, body: syncRequest(user.id, { device: 'onlooker' }) });
  return rowsOf((await reply.json()) as SyncReply, table);
}

async function post(url: string, { cookie, body }: { cookie?: string; body: unknown }): Promise<Response> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(url).origin, ...(cookie ? { cookie } : {}) },
    body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${await reply.text()}`);
  return reply;
}
