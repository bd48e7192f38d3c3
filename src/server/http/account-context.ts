/** What the routes about accounts share beside what every route has. */
import type { FastifyReply } from 'fastify';
import type { Proof } from '../../protocol/account-messages.ts';
import { readPassword } from './account-name.ts';
import { RequestFailure } from './request-failure.ts';
import type { Passkeys } from './passkeys.ts';
import type { Passwords } from './passwords.ts';
import type { RouteContext } from './server-types.ts';
import type { SignedIn } from './sessions.ts';
import type { SignInGuard } from './sign-in-guard.ts';

export interface AccountContext extends RouteContext {
  readonly passwords: Passwords;
  readonly passkeys: Passkeys;
  readonly guard: SignInGuard;
}

/**
 * Ends the request unless the proof shows that this is the person and not only their browser: before the password is
 * changed and before the account goes. Tries are counted, or a borrowed phone could guess.
 */
export async function requireProof(
  { store, passwords, passkeys, guard }: AccountContext,
  { reply, session, proof }: { readonly reply: FastifyReply; readonly session: SignedIn; readonly proof: Proof },
): Promise<void> {
  const account = `id ${session.user.id}`;
  guard.byAccount(reply, account);
  if (proof.passkey !== undefined) {
    const shown = await passkeys.show(reply, { response: proof.passkey, user: session.user });
    if (!shown) throw new RequestFailure('passkey_refused');
  } else {
    const record = await store.getAccount(session.user.id);
    const password = readPassword(proof.password ?? '') ?? '';
    if (!(await passwords.verify(record?.passwordHash ?? null, password))) throw new RequestFailure('wrong_password');
  }
  guard.succeeded(reply.request, account);
}
