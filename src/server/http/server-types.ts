/** The Fastify instance as routes get it, and what they share. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ChangeStore } from '../change-store.ts';
import type { ServerClock } from './clock.ts';
import type { HttpConfig } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import type { PokeBus } from '../poke-bus.ts';
import type { LongPulls } from './long-pulls.ts';
import type { PokeHub } from './poke-hub.ts';
import type { PushPort } from './push-port.ts';
import type { Sessions } from './sessions.ts';

export type Server = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What every route may need; made once, in `app.ts`. */
export interface RouteContext {
  readonly store: ChangeStore;
  readonly clock: ServerClock;
  readonly config: HttpConfig;
  readonly sessions: Sessions;
  readonly hub: PokeHub;
  readonly pokes: PokeBus;
  readonly metrics: Metrics;
  readonly longPulls: LongPulls;
  /** Null: this server wakes nobody. */
  readonly push: PushPort | null;
  /** The server has been told to stop: it still serves what comes, but nobody should be sent here any more. */
  readonly isStopping: () => boolean;
}
