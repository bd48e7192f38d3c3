/** `GET /api/sync/events`: a stream of pokes to the pages that are open (server-sent events). */
import { eventsQuerySchema } from '../../protocol/request-schema.ts';
import { loggable, sendFailure } from './failures.ts';
import { pokeEvent } from './poke-hub.ts';
import type { RouteContext, Server } from './server-types.ts';

/** What a page waits before it connects again, in milliseconds: this and by chance up to as much more, so that after a
 * restart they do not all come at once. */
const reconnectAfter = 2_000;
/** After so many a page that was not heard of counts as closed: its server may have been killed. */
const heartbeatsMissed = 3;

export function addEventRoute(server: Server, { store, sessions, hub, config, clock }: RouteContext): void {
  let stopping = false;
  /** Who listens is not woken by Web Push, by whichever server. Noted late or not at all, it is woken once too often. */
  const noteListeners = (listening: readonly string[], patience = heartbeatsMissed * config.heartbeat): void => {
    if (listening.length === 0) return;
    store
      .notePushListeners(listening, clock.now() + patience)
      .catch((error: unknown) => server.log.error({ err: loggable(error as Error) }, 'listeners were not noted'));
  };

  // A HEAD of it would open a stream that nobody reads.
  const options = {
    schema: { querystring: eventsQuerySchema, tags: ['sync'], summary: 'Server-sent pokes: something is new, sync' },
    exposeHeadRoute: false,
  };
  server.get('/api/sync/events', options, async (request, reply) => {
    const session = await sessions.current(request, reply);
    if (!session) return sendFailure(reply, { code: 'signed_out' });
    // The head is read after the stream is in the hub: what changes between the two is then told twice, not never.
    const device = request.query.device ?? null;
    const events = hub.open({ user: session.user.id, session: session.tokenHash, device }, reply.raw);
    noteListeners([session.tokenHash]);
    events.once('close', () => {
      // When the server stops, its pages are about to connect again.
      if (!stopping && !hub.listens(session.user.id, session.tokenHash)) noteListeners([session.tokenHash], 0);
    });
    try {
      const head = await store.head(session.user.id);
      events.push(`retry: ${Math.round(reconnectAfter * (1 + Math.random()))}\n${pokeEvent(head)}`);
      hub.greeted({ user: session.user.id, head, from: device });
    } catch (error) {
      events.destroy();
      throw error;
    }
    return reply
      .header('cache-control', 'no-store, no-transform')
      .header('x-accel-buffering', 'no')
      .type('text/event-stream')
      .send(events);
  });

  const heart = setInterval(() => {
    hub
      .beat((session) => sessions.isGood(session))
      .catch((error: unknown) => server.log.error({ err: error }, 'heartbeat failed'));
    noteListeners([...hub.sessions()]);
  }, config.heartbeat);
  server.addHook('preClose', async () => {
    stopping = true;
    clearInterval(heart);
    hub.closeAll();
  });
}
