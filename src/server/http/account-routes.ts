/** Sign-up, sign-in, who is signed in, sign-out; another password; the end of an account. */
import { randomUUID } from 'node:crypto';
import { accountDeletionSchema, passwordChangeSchema } from '../../protocol/account-schema.ts';
import type { SessionReply } from '../../protocol/messages.ts';
import { credentialsSchema } from '../../protocol/request-schema.ts';
import type { Account } from '../account-store.ts';
import { requireProof, type AccountContext } from './account-context.ts';
import { nameKeyOf, readName, readPassword } from './account-name.ts';
import { sendFailure } from './failures.ts';
import type { Server } from './server-types.ts';

const tags = ['account'];

export function addAccountRoutes(server: Server, context: AccountContext): void {
  addSignUp(server, context);
  addSignIn(server, context);
  addAccountChanges(server, context);
}

function addSignUp(server: Server, { store, clock, sessions, passwords, guard }: AccountContext): void {
  const schema = { tags, summary: 'Signs up.', body: credentialsSchema };
  server.post('/api/account', { schema, onRequest: guard.byAddress }, async (request, reply) => {
    const name = readName(request.body.name);
    if (name === null) return sendFailure(reply, { code: 'invalid_name' });
    const password = readPassword(request.body.password);
    if (password === null) return sendFailure(reply, { code: 'invalid_password' });
    const nameKey = nameKeyOf(name);
    guard.byAccount(reply, `name ${nameKey}`);
    const taken = (await store.findAccount(nameKey)) !== null;
    const passwordHash = taken ? '' : await passwords.hash(password);
    const user = taken
      ? null
      : await store.createAccount({ id: randomUUID(), name, nameKey, passwordHash, now: clock.now() });
    if (!user) return sendFailure(reply, { code: 'name_taken' });
    await sessions.open(reply, { user, deviceName: request.body.deviceName ?? '' });
    return reply.code(201).header('cache-control', 'no-store').send(sessionReply(user));
  });
}

function addSignIn(server: Server, { store, sessions, passwords, guard }: AccountContext): void {
  const schema = { tags, summary: 'Signs in.', body: credentialsSchema };
  server.post('/api/session', { schema, onRequest: guard.byAddress }, async (request, reply) => {
    const nameKey = nameKeyOf(request.body.name);
    guard.byAccount(reply, `name ${nameKey}`);
    const account = await store.findAccount(nameKey);
    const password = readPassword(request.body.password) ?? '';
    if (!(await passwords.verify(account?.passwordHash ?? null, password)) || !account) {
      return sendFailure(reply, { code: 'wrong_credentials' });
    }
    guard.succeeded(request, `name ${nameKey}`);
    await sessions.open(reply, { user: account, deviceName: request.body.deviceName ?? '' });
    return reply.header('cache-control', 'no-store').send(sessionReply(account));
  });

  server.get('/api/session', { schema: { tags, summary: 'Who is signed in.' } }, async (request, reply) => {
    const { user } = await sessions.required(request, reply);
    return reply.header('cache-control', 'no-store').send(sessionReply(user));
  });

  server.delete('/api/session', { schema: { tags, summary: 'Signs out.' } }, async (request, reply) => {
    await sessions.end(request, reply);
    return reply.code(204).send();
  });
}

function addAccountChanges(server: Server, context: AccountContext): void {
  const { store, sessions, passwords, hub } = context;
  const passwordSchema = {
    tags,
    summary: 'Changes the password and signs out everywhere else.',
    body: passwordChangeSchema,
  };
  server.put('/api/account/password', { schema: passwordSchema }, async (request, reply) => {
    const session = await sessions.required(request, reply);
    const password = readPassword(request.body.newPassword);
    if (password === null) return sendFailure(reply, { code: 'invalid_password' });
    await requireProof(context, { reply, session, proof: request.body.proof });
    const passwordHash = await passwords.hash(password);
    const change = { user: session.user.id, passwordHash, keep: session.tokenHash };
    for (const ended of await store.changePassword(change)) hub.closeSession(ended);
    return reply.code(204).send();
  });

  const deletionSchema = { tags, summary: 'Deletes the account and everything of it.', body: accountDeletionSchema };
  server.post('/api/account/deletion', { schema: deletionSchema }, async (request, reply) => {
    const session = await sessions.required(request, reply);
    await requireProof(context, { reply, session, proof: request.body.proof });
    for (const ended of await store.deleteAccount(session.user.id)) hub.closeSession(ended);
    sessions.forget(reply);
    return reply.code(204).send();
  });
}

function sessionReply({ id, name }: Account): SessionReply {
  return { user: { id, name } };
}
