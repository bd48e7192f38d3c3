/** The devices of an account: which there are, and taking one off the list. */
import type { DevicesReply } from '../../protocol/messages.ts';
import { deviceParamsSchema } from '../../protocol/request-schema.ts';
import { sendFailure } from './failures.ts';
import type { RouteContext, Server } from './server-types.ts';

export function addDeviceRoutes(server: Server, { store, sessions, hub, clock }: RouteContext): void {
  server.get(
    '/api/devices',
    { schema: { tags: ['account'], summary: 'The devices of the account' } },
    async (request, reply) => {
      const session = await sessions.current(request, reply);
      if (!session) return sendFailure(reply, { code: 'signed_out' });
      const devices: DevicesReply = { devices: await store.devices(session.user.id, clock.now()) };
      return reply.header('cache-control', 'no-store').send(devices);
    },
  );

  server.delete(
    '/api/devices/:id',
    {
      schema: {
        params: deviceParamsSchema,
        tags: ['account'],
        summary: 'Sign a device out and stop waiting for it; it can come back by signing in',
      },
    },
    async (request, reply) => {
      const session = await sessions.current(request, reply);
      if (!session) return sendFailure(reply, { code: 'signed_out' });
      const retired = await store.retireDevice({
        user: session.user.id,
        device: request.params.id,
        // The session that asks goes on: who asks for this very device has signed in on it anew.
        except: session.tokenHash,
        now: clock.now(),
      });
      if (!retired) return sendFailure(reply, { code: 'not_found' });
      if (retired.session !== null) hub.closeSession(retired.session);
      return reply.code(204).send();
    },
  );
}
