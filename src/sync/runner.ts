/**
 * Runs the state machine: does the effects it asks for, through the ports, and feeds the outcomes back. The only
 * asynchronous file of the engine.
 */
import { idle, transition, type Effect, type Event, type Outcome } from './machine.ts';
import type { Clock, Random, SyncStore, Transport } from './ports.ts';
import type { Direction } from './report.ts';

export interface RunnerPorts {
  readonly store: SyncStore;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds between two syncs when nothing else asks for one. */
  readonly interval: number;
}

export interface Runner {
  /**
   * Syncs until nothing waits on either side, or a step fails. Asked again while running, it runs once more afterwards;
   * both callers get the outcome of the last run.
   */
  sync(direction: Direction): Promise<Outcome>;
}

export function createRunner(ports: RunnerPorts): Runner {
  let state = idle;
  let running: Promise<Outcome> = Promise.resolve({ kind: 'gave-way' });
  let last: Outcome = { kind: 'gave-way' };

  const feed = (event: Event): readonly Effect[] => {
    const { clock, random, interval } = ports;
    const next = transition(state, event, { now: clock.now(), random: random.next(), interval });
    state = next.state;
    return next.effects;
  };

  const drain = async (first: readonly Effect[]): Promise<Outcome> => {
    const queue = [...first];
    for (let effect = queue.shift(); effect; effect = queue.shift()) {
      if (effect.name === 'finish') last = effect.outcome;
      else queue.push(...feed(await perform(ports, effect)));
    }
    return last;
  };

  return {
    sync(direction) {
      // Effects follow only from `idle`: during a run the request is remembered, and that run's promise covers it.
      const effects = feed({ name: 'requested', direction });
      if (effects.length > 0) running = drain(effects);
      return running;
    },
  };
}

async function perform({ store, transport }: RunnerPorts, effect: Exclude<Effect, { name: 'finish' }>): Promise<Event> {
  switch (effect.name) {
    case 'gather':
      return { name: 'gathered', result: await store.gather(effect.direction) };
    case 'exchange':
      return { name: 'exchanged', result: await transport.exchange(effect.request) };
    case 'apply':
      return { name: 'applied', result: await store.apply(effect.sent, effect.reply) };
    case 'setAside':
      return { name: 'applied', result: await store.setAside(effect.sent, effect.refusal) };
    case 'correctClock':
      return { name: 'mended', result: await store.correctClock(effect.serverTime) };
    case 'takeNewId':
      return { name: 'mended', result: await store.takeNewId() };
    case 'beginReload':
      return { name: 'mended', result: await store.beginReload(effect.reload) };
    case 'record':
      // A run that cannot be recorded is over all the same: the next one starts from the outbox and the cursor.
      await store.record(effect.report, effect.next);
      return { name: 'recorded' };
  }
}
