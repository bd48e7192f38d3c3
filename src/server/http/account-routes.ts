/** Sign-up, sign-in, who is signed in, sign-out. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Credentials, SessionReply } from '../../protocol/messages.ts';
import { credentialsSchema } from '../../protocol/request-schema.ts';
import type { Account } from '../account-store.ts';
import { nameKeyOf, readName, readPassword } from './account-name.ts';
import { RequestFailure, sendFailure } from './failures.ts';
import type { Passwords } from './passwords.ts';
import type { RouteContext, Server } from './server-types.ts';

/** Milliseconds over which tries are counted. */
const triesWindow = 5 * 60_000;
const addressFactor = 3;

export function addAccountRoutes(server: Server, context: RouteContext & { readonly passwords: Passwords }): void {
  const { store, clock, sessions, hub, passwords, config } = context;
  const triesByAddress = server.createRateLimit({ max: config.signInTries * addressFactor, timeWindow: triesWindow });
  const triesByName = server.createRateLimit({
    max: config.signInTries,
    timeWindow: triesWindow,
    keyGenerator: (request) => nameKeyOf((request.body as Credentials).name),
  });

  const limit = (count: typeof triesByName) => async (request: FastifyRequest, reply: FastifyReply) => {
    const tries = await count(request);
    if (tries.isAllowed || !tries.isExceeded) return;
    reply.header('retry-after', tries.ttlInSeconds);
    throw new RequestFailure('too_many_requests');
  };
  const limitByName = limit(triesByName);
  // One count for both routes, taken before the body is read.
  const options = { schema: { body: credentialsSchema }, onRequest: limit(triesByAddress) };

  const begin = async (reply: FastifyReply, { user, deviceName }: { user: Account; deviceName: string }) => {
    const former = await sessions.end(reply.request, reply);
    if (former !== null) hub.closeSession(former);
    await sessions.open(reply, { user, deviceName });
    return reply.header('cache-control', 'no-store').send(sessionReply(user));
  };

  server.post('/api/account', options, async (request, reply) => {
    const name = readName(request.body.name);
    if (name === null) return sendFailure(reply, { code: 'invalid_name' });
    const password = readPassword(request.body.password);
    if (password === null) return sendFailure(reply, { code: 'invalid_password' });
    await limitByName(request, reply);
    const nameKey = nameKeyOf(name);
    const taken = (await store.findAccount(nameKey)) !== null;
    const passwordHash = taken ? '' : await passwords.hash(password);
    const user = taken
      ? null
      : await store.createAccount({ id: randomUUID(), name, nameKey, passwordHash, now: clock.now() });
    if (!user) return sendFailure(reply, { code: 'name_taken' });
    return begin(reply.code(201), { user, deviceName: request.body.deviceName ?? '' });
  });

  server.post('/api/session', options, async (request, reply) => {
    await limitByName(request, reply);
    const account = await store.findAccount(nameKeyOf(request.body.name));
    const password = readPassword(request.body.password) ?? '';
    if (!(await passwords.verify(account?.passwordHash ?? null, password)) || !account) {
      return sendFailure(reply, { code: 'wrong_credentials' });
    }
    return begin(reply, { user: account, deviceName: request.body.deviceName ?? '' });
  });

  server.get('/api/session', async (request, reply) => {
    const session = await sessions.current(request, reply);
    if (!session) return sendFailure(reply, { code: 'signed_out' });
    return reply.header('cache-control', 'no-store').send(sessionReply(session.user));
  });

  server.delete('/api/session', async (request, reply) => {
    const ended = await sessions.end(request, reply);
    if (ended !== null) hub.closeSession(ended);
    return reply.code(204).send();
  });
}

function sessionReply({ id, name }: Account): SessionReply {
  return { user: { id, name } };
}
