import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nextLifecycle,
  timeLimits,
  type LifecycleAction,
  type LifecycleEvent,
  type LifecycleState,
} from '../../../../src/client/db/page-lifecycle.ts';

/** Runs events from a stopped page. */
function run(...events: LifecycleEvent[]): { state: LifecycleState; actions: LifecycleAction[] } {
  const actions: LifecycleAction[] = [];
  let state: LifecycleState = 'stopped';
  for (const event of events) {
    const next = nextLifecycle(state, event);
    state = next.state;
    actions.push(...next.actions);
  }
  return { state, actions };
}

describe('a page', () => {
  it('starts its worker when shown', () => {
    expect(run('shown')).toEqual({ state: 'running', actions: ['start'] });
  });

  it('does nothing when it is opened in the background', () => {
    expect(run('hidden')).toEqual({ state: 'stopped', actions: [] });
  });

  it('keeps its worker through a short absence', () => {
    expect(run('shown', 'hidden', 'shown')).toEqual({ state: 'running', actions: ['start'] });
  });

  it('gives the database up after some time in the background', () => {
    expect(timeLimits.hiding).toBe(3_000);
    expect(run('shown', 'hidden', 'timeout', 'closed')).toEqual({
      state: 'stopped',
      actions: ['start', 'ask-to-close', 'terminate'],
    });
  });

  it('terminates a worker that does not close in time', () => {
    expect(run('shown', 'hidden', 'timeout', 'timeout').actions.at(-1)).toBe('terminate');
  });

  it('terminates at once when frozen or put away, whatever it is doing', () => {
    for (const before of [[], ['hidden'], ['hidden', 'timeout'], ['hidden', 'timeout', 'shown']] as const) {
      const { state, actions } = run('shown', ...before, 'gone');
      expect(state).toBe('stopped');
      expect(actions.at(-1)).toBe('terminate');
    }
  });

  it('starts anew when it is back', () => {
    expect(run('shown', 'gone', 'shown').actions).toEqual(['start', 'terminate', 'start']);
  });

  it('that is shown while its worker closes waits for that, then starts a new one', () => {
    expect(run('shown', 'hidden', 'timeout', 'shown')).toMatchObject({ state: 'reopening' });
    expect(run('shown', 'hidden', 'timeout', 'shown', 'closed')).toEqual({
      state: 'running',
      actions: ['start', 'ask-to-close', 'terminate', 'start'],
    });
    expect(run('shown', 'hidden', 'timeout', 'shown', 'hidden', 'closed')).toMatchObject({ state: 'stopped' });
  });

  it('never has two workers, and none when it is stopped', () => {
    const event = fc.constantFrom<LifecycleEvent>('shown', 'hidden', 'gone', 'closed', 'timeout');
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const { state, actions } = run(...events);
        let workers = 0;
        for (const action of actions) {
          if (action === 'start') workers += 1;
          if (action === 'terminate') workers -= 1;
          expect(workers === 0 || workers === 1).toBe(true);
        }
        expect(workers).toBe(state === 'stopped' ? 0 : 1);
      }),
    );
  });
});
