/** Passkeys: add, list, rename, remove; sign in with one; show one to confirm something. */
import type { FastifyReply } from 'fastify';
import type { PasskeyItem, PasskeysReply, SignInWays } from '../../protocol/account-messages.ts';
import {
  idParamsSchema,
  passkeyAdditionSchema,
  passkeyNameSchema,
  passkeySignInSchema,
} from '../../protocol/account-schema.ts';
import type { Passkey } from '../account-store.ts';
import type { AccountContext } from './account-context.ts';
import { sendFailure } from './failures.ts';
import type { Server } from './server-types.ts';

const tags = ['passkeys'];

export function addPasskeyRoutes(server: Server, context: AccountContext): void {
  addPasskeyList(server, context);
  addPasskeySignIn(server, context);
}

function addPasskeyList(server: Server, { store, sessions, passkeys }: AccountContext): void {
  server.get('/api/passkeys', { schema: { tags, summary: 'The passkeys of the account.' } }, async (request, reply) => {
    const { user } = await sessions.required(request, reply);
    const listed: PasskeysReply = { passkeys: (await store.listPasskeys(user.id)).map(itemOf) };
    return unstored(reply).send(listed);
  });

  server.post(
    '/api/passkeys/options',
    { schema: { tags, summary: 'Begins to add a passkey.' } },
    async (request, reply) => {
      const { user } = await sessions.required(request, reply);
      return unstored(reply).send(await passkeys.beginAdding(reply, user));
    },
  );

  server.post(
    '/api/passkeys',
    { schema: { tags, summary: 'Adds a passkey.', body: passkeyAdditionSchema } },
    async (request, reply) => {
      const { user } = await sessions.required(request, reply);
      const { name, passkey: response } = request.body;
      const added = await passkeys.add(reply, { user, name, response });
      if (!added.ok) return sendFailure(reply, { code: added.error });
      return unstored(reply).code(201).send(itemOf(added.value));
    },
  );

  const params = idParamsSchema;
  server.patch(
    '/api/passkeys/:id',
    { schema: { tags, summary: 'Renames a passkey.', params, body: passkeyNameSchema } },
    async (request, reply) => {
      const { user } = await sessions.required(request, reply);
      const renamed = await store.renamePasskey({ user: user.id, id: request.params.id, name: request.body.name });
      return renamed ? reply.code(204).send() : sendFailure(reply, { code: 'not_found' });
    },
  );

  server.delete(
    '/api/passkeys/:id',
    { schema: { tags, summary: 'Removes a passkey.', params } },
    async (request, reply) => {
      const { user } = await sessions.required(request, reply);
      const removed = await store.deletePasskey(user.id, request.params.id);
      return removed ? reply.code(204).send() : sendFailure(reply, { code: 'not_found' });
    },
  );
}

function addPasskeySignIn(server: Server, { sessions, passkeys, guard }: AccountContext): void {
  server.get('/api/session/ways', { schema: { tags, summary: 'How one can sign in here.' } }, (request, reply) => {
    const ways: SignInWays = { passkey: passkeys.offered(request) };
    return unstored(reply).send(ways);
  });

  server.post(
    '/api/session/passkey/options',
    { schema: { tags, summary: 'Begins a sign-in with a passkey.' }, onRequest: guard.byAddress },
    async (_request, reply) => unstored(reply).send(await passkeys.beginShowing(reply, null)),
  );

  server.post(
    '/api/session/passkey',
    { schema: { tags, summary: 'Signs in with a passkey.', body: passkeySignInSchema } },
    async (request, reply) => {
      const { passkey: response, deviceName = '' } = request.body;
      const user = await passkeys.show(reply, { response, user: null });
      if (!user) return sendFailure(reply, { code: 'passkey_refused' });
      guard.succeeded(request, null);
      await sessions.open(reply, { user, deviceName });
      return unstored(reply).send({ user: { id: user.id, name: user.name } });
    },
  );

  server.post(
    '/api/passkeys/confirmation',
    { schema: { tags, summary: 'Begins to confirm something with a passkey of the account.' } },
    async (request, reply) => {
      const { user } = await sessions.required(request, reply);
      return unstored(reply).send(await passkeys.beginShowing(reply, user));
    },
  );
}

function unstored(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store');
}

function itemOf({ id, name, createdAt, usedAt }: Passkey): PasskeyItem {
  return { id, name, createdAt, usedAt };
}
