/**
 * When a page has the database and when it gives it up, as a pure machine. A page in the background is frozen by phones,
 * and a frozen page keeps its Web Lock (Chromium 156): so a hidden page closes the database while it still can.
 *
 * | state      | meaning                                             |
 * |------------|-----------------------------------------------------|
 * | stopped    | no worker                                           |
 * | running    | the worker leads or waits for its turn              |
 * | hiding     | hidden a moment ago, may be back soon               |
 * | closing    | the worker was asked to close                       |
 * | reopening  | shown again before the worker had closed            |
 */

export type LifecycleState = 'stopped' | 'running' | 'hiding' | 'closing' | 'reopening';

/**
 * `gone`: the page is frozen or put into the back/forward cache, no code may run after this. `closed`: the worker is done.
 * `timeout`: the time of the state is over.
 */
export type LifecycleEvent = 'shown' | 'hidden' | 'gone' | 'closed' | 'timeout';

/** `ask-to-close`: gracefully. `terminate`: at once. */
export type LifecycleAction = 'start' | 'ask-to-close' | 'terminate';

export interface Transition {
  readonly state: LifecycleState;
  readonly actions: readonly LifecycleAction[];
}

/** Milliseconds after which a state ends by `timeout`. */
export const timeLimits: Readonly<Partial<Record<LifecycleState, number>>> = {
  hiding: 3_000,
  // A worker that is this long in a transaction is terminated: SQLite rolls that back.
  closing: 5_000,
  reopening: 5_000,
};

type Row = Partial<Record<LifecycleEvent, Transition>>;

const stop: Transition = { state: 'stopped', actions: ['terminate'] };

const table: Readonly<Record<LifecycleState, Row>> = {
  stopped: {
    shown: { state: 'running', actions: ['start'] },
  },
  running: {
    hidden: { state: 'hiding', actions: [] },
    gone: stop,
  },
  hiding: {
    shown: { state: 'running', actions: [] },
    timeout: { state: 'closing', actions: ['ask-to-close'] },
    gone: stop,
  },
  closing: {
    shown: { state: 'reopening', actions: [] },
    closed: stop,
    timeout: stop,
    gone: stop,
  },
  reopening: {
    hidden: { state: 'closing', actions: [] },
    closed: { state: 'running', actions: ['terminate', 'start'] },
    timeout: { state: 'running', actions: ['terminate', 'start'] },
    gone: stop,
  },
};

export function nextLifecycle(state: LifecycleState, event: LifecycleEvent): Transition {
  return table[state][event] ?? { state, actions: [] };
}
