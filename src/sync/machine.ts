/**
 * The engine's state machine: pure, total, and all that decides in a sync (I10). It takes a state and an event and gives
 * the next state and what to do; `runner.ts` does it and reports back. States, events and the reason of every cell:
 * docs/spec/sync.md.
 */
import type { Result } from '../base/result.ts';
import type { Failure } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import type { SyncReply, SyncRequest } from '../protocol/messages.ts';
import { asksForPreview, checkReply, requestOf, type OwnedBatch } from './exchange.ts';
import { halved, isOfWhole, narrowed, wide, widened, withSetAside, type Narrowing } from './narrowing.ts';
import type { Applied, Batch, ExchangeResult, NextAttempt, Reload } from './ports.ts';
import type { Direction, ReloadCause, SyncReport } from './report.ts';
import { retryDelay } from './retry.ts';
import { addApplied, addUnread, totalOf, type Tables } from './tally.ts';

/** So often a run may be mended (a clock, a device id, a history) before the next refusal counts as a failure. */
const mostMends = 4;

/** A sync under way. */
export interface Run {
  readonly direction: Direction;
  readonly startedAt: number;
  readonly tables: Tables;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Failed runs before this one. */
  readonly attempts: number;
  /** As the person chose, milliseconds; null: no choice. */
  readonly interval: number | null;
  /** The clock was corrected in this run: a second refusal is a failure, not a loop. */
  readonly corrected: boolean;
  /** What the server refused and was put right in this run. */
  readonly mends: number;
  readonly narrowing: Narrowing;
  /** A preview came: the next answer is a page. */
  readonly previewed: boolean;
  /** Why everything was loaded anew in this run, or null. */
  readonly reload: ReloadCause | null;
  /** Asked for while this run was under way; starts after it. */
  readonly next: Direction | null;
}

interface Exchanging {
  readonly name: 'exchanging';
  readonly run: Run;
  readonly batch: OwnedBatch;
  /** The batch is one change that was refused before, by a server that takes an empty request. */
  readonly isSuspect: boolean;
}

export type State =
  | { readonly name: 'idle' }
  | { readonly name: 'gathering'; readonly run: Run }
  | Exchanging
  | { readonly name: 'probing'; readonly run: Run; readonly batch: OwnedBatch }
  | { readonly name: 'applying'; readonly run: Run; readonly batch: Batch; readonly more: boolean }
  | { readonly name: 'mending'; readonly run: Run }
  | { readonly name: 'recording'; readonly run: Run; readonly report: SyncReport };

export type Event =
  | { readonly name: 'requested'; readonly direction: Direction }
  | { readonly name: 'gathered'; readonly result: Result<Batch, Failure> }
  | { readonly name: 'exchanged'; readonly result: Result<ExchangeResult, Failure> }
  | { readonly name: 'applied'; readonly result: Result<Applied, Failure> }
  | { readonly name: 'mended'; readonly result: Result<null, Failure> }
  | { readonly name: 'recorded' };

export type Effect =
  | { readonly name: 'gather'; readonly direction: Direction }
  | { readonly name: 'exchange'; readonly request: SyncRequest }
  | { readonly name: 'apply'; readonly sent: Batch; readonly reply: SyncReply }
  | { readonly name: 'setAside'; readonly sent: Batch; readonly refusal: Failure }
  | Mend
  | { readonly name: 'record'; readonly report: SyncReport; readonly next: NextAttempt }
  | { readonly name: 'finish'; readonly outcome: Outcome };

/** What puts right what the server refused, so that the run can go on. */
export type Mend =
  | { readonly name: 'correctClock'; readonly serverTime: number }
  | { readonly name: 'takeNewId' }
  | { readonly name: 'beginReload'; readonly reload: Reload };

/** How a run ended. `no-account`: nobody has signed up yet. `gave-way`: the storage is elsewhere now, sync over there. */
export type Outcome =
  | { readonly kind: 'done'; readonly report: SyncReport }
  | { readonly kind: 'no-account' }
  | { readonly kind: 'gave-way' };

/** What the world says at the moment of an event. */
export interface Context {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: number;
  /** Milliseconds between two syncs when nothing else asks for one and the person chose nothing. */
  readonly interval: number;
}

export interface Transition {
  readonly state: State;
  readonly effects: readonly Effect[];
}

type StateName = State['name'];
type EventName = Event['name'];
type Of<U extends { name: string }, N extends U['name']> = Extract<U, { name: N }>;
type Cell<S extends StateName, E extends EventName> = (
  state: Of<State, S>,
  event: Of<Event, E>,
  context: Context,
) => Transition;
type Table = { readonly [S in StateName]: { readonly [E in EventName]: Cell<S, E> } };

export const idle: State = { name: 'idle' };

/** The one entry: what follows from an event in a state. */
export function transition(state: State, event: Event, context: Context): Transition {
  const cell = table[state.name][event.name] as Cell<StateName, EventName>;
  return cell(state, event, context);
}

/** An answer to a question that is no longer open (a step that was given up): nothing follows from it. */
const stray = (state: State): Transition => ({ state, effects: [] });

/** Never two runs at once: what is asked for meanwhile is remembered, once. */
const remember = (state: Exclude<State, { name: 'idle' }>, event: Of<Event, 'requested'>): Transition => ({
  state: { ...state, run: { ...state.run, next: widen(state.run.next, event.direction) } },
  effects: [],
});

const table: Table = {
  idle: {
    requested: (_, { direction }, { now }) => begin(direction, now),
    gathered: stray,
    exchanged: stray,
    applied: stray,
    mended: stray,
    recorded: stray,
  },
  gathering: {
    requested: remember,
    gathered: ({ run }, { result }, context) =>
      result.ok ? send(run, result.value, context) : fail(run, result.error, context),
    exchanged: stray,
    applied: stray,
    mended: stray,
    recorded: stray,
  },
  exchanging: {
    requested: remember,
    gathered: stray,
    exchanged: (at, { result }, context) =>
      result.ok ? receive(at, result.value, context) : refuse(at, result.error, context),
    applied: stray,
    mended: stray,
    recorded: stray,
  },
  probing: {
    requested: remember,
    gathered: stray,
    exchanged: ({ run, batch }, { result }, context) =>
      result.ok
        ? exchange({ run: counted(run, result.value), batch, isSuspect: true })
        : mendOrFail(run, result.error, context),
    applied: stray,
    mended: stray,
    recorded: stray,
  },
  applying: {
    requested: remember,
    gathered: stray,
    exchanged: stray,
    applied: ({ run, more }, { result }, context) => {
      if (!result.ok) return fail(run, result.error, context);
      const tallied = { ...run, tables: addApplied(run.tables, result.value) };
      const goesOn = more || (run.direction !== 'up' && result.value.more);
      return goesOn ? gather(tallied) : finish(tallied, null, context);
    },
    mended: stray,
    recorded: stray,
  },
  mending: {
    requested: remember,
    gathered: stray,
    exchanged: stray,
    applied: stray,
    mended: ({ run }, { result }, context) => (result.ok ? gather(run) : fail(run, result.error, context)),
    recorded: stray,
  },
  recording: {
    requested: remember,
    gathered: stray,
    exchanged: stray,
    applied: stray,
    mended: stray,
    recorded: ({ run, report }, _, { now }) => end(run, { kind: 'done', report }, now),
  },
};

function begin(direction: Direction, now: number): Transition {
  const run: Run = {
    direction,
    startedAt: now,
    tables: {},
    bytesSent: 0,
    bytesReceived: 0,
    attempts: 0,
    interval: null,
    corrected: false,
    mends: 0,
    narrowing: wide,
    previewed: false,
    reload: null,
    next: null,
  };
  return gather(run);
}

function gather(run: Run): Transition {
  return { state: { name: 'gathering', run }, effects: [{ name: 'gather', direction: run.direction }] };
}

function send(run: Run, gathered: Batch, context: Context): Transition {
  const { user, attempts, interval, unread } = gathered;
  if (user === null) return end(run, { kind: 'no-account' }, context.now);
  const begun: Run = { ...run, attempts, interval, tables: addUnread(run.tables, unread) };
  return exchange({ run: begun, batch: narrowed({ ...gathered, user }, run.narrowing), isSuspect: false });
}

function exchange(at: Omit<Exchanging, 'name'>): Transition {
  const { run, batch } = at;
  const limit = run.direction === 'up' ? 0 : limits.pullRows;
  const preview = asksForPreview(run, batch) ? { preview: true } : {};
  const request = requestOf(batch, { changes: batch.changes, limit, ...preview });
  return { state: { name: 'exchanging', ...at }, effects: [{ name: 'exchange', request }] };
}

/** Asks with an empty request whether it is the change that is refused, or whatever comes from here. */
function probe(run: Run, batch: OwnedBatch): Transition {
  const request = requestOf(batch, { changes: [], limit: 0 });
  return { state: { name: 'probing', run, batch }, effects: [{ name: 'exchange', request }] };
}

function counted(run: Run, { sent, received }: ExchangeResult): Run {
  return { ...run, bytesSent: run.bytesSent + sent, bytesReceived: run.bytesReceived + received };
}

function receive({ run: sent, batch }: Exchanging, exchanged: ExchangeResult, context: Context): Transition {
  const { reply } = exchanged;
  const previewed = sent.previewed || reply.preview === true;
  const run: Run = { ...counted(sent, exchanged), narrowing: widened(sent.narrowing), previewed };
  const fits = checkReply(reply, { direction: run.direction, batch, preview: asksForPreview(sent, batch) });
  if (!fits.ok) return fail(run, fits.error, context);
  const resend = reply.results.some((result) => result.status === 'resend');
  const more = batch.more || resend || (run.direction !== 'up' && reply.more);
  return {
    state: { name: 'applying', run, batch, more },
    effects: [{ name: 'apply', sent: batch, reply }],
  };
}

function refuse({ run, batch, isSuspect }: Exchanging, failure: Failure, context: Context): Transition {
  const count = batch.changes.length;
  if (count === 0 || !isOfWhole(failure.code)) return mendOrFail(run, failure, context);
  if (count > 1) {
    const narrowing = halved(run.narrowing, batch);
    return exchange({ run: { ...run, narrowing }, batch: narrowed(batch, narrowing), isSuspect: false });
  }
  if (!isSuspect) return probe(run, batch);
  const narrowing = withSetAside(run.narrowing);
  if (narrowing === null) return fail(run, failure, context);
  return {
    state: { name: 'applying', run: { ...run, narrowing }, batch, more: true },
    effects: [{ name: 'setAside', sent: batch, refusal: failure }],
  };
}

function mendOrFail(run: Run, failure: Failure, context: Context): Transition {
  const mend = run.mends < mostMends ? mendOf(run, failure) : null;
  if (mend === null) return fail(run, failure, context);
  const mended: Run = {
    ...run,
    mends: run.mends + 1,
    corrected: run.corrected || mend.name === 'correctClock',
    reload: mend.name === 'beginReload' ? mend.reload.cause : run.reload,
  };
  return { state: { name: 'mending', run: mended }, effects: [mend] };
}

function mendOf(run: Run, { code, serverTime, sequence = 0 }: Failure): Mend | null {
  switch (code) {
    case 'clock_ahead':
      // Refused a second time, it is not the clock.
      return serverTime === undefined || run.corrected ? null : { name: 'correctClock', serverTime };
    case 'device_taken':
      return { name: 'takeNewId' };
    case 'device_retired':
      return { name: 'beginReload', reload: { cause: 'retired', common: 0 } };
    case 'history_compacted':
      return { name: 'beginReload', reload: { cause: 'away', common: 0 } };
    case 'history_lost':
      return { name: 'beginReload', reload: { cause: 'restored', common: sequence } };
    default:
      return null;
  }
}

function fail(run: Run, failure: Failure, context: Context): Transition {
  // The storage is wanted or gone elsewhere: leave no trace, the sync is asked for again over there.
  if (failure.code === 'storage_busy') return end(run, { kind: 'gave-way' }, context.now);
  return finish(run, failure, context);
}

function finish(run: Run, failure: Failure | null, context: Context): Transition {
  const error = failure && { code: failure.code, ...(failure.detail === undefined ? {} : { detail: failure.detail }) };
  const report: SyncReport = {
    direction: run.direction,
    ...totalOf(run.tables),
    tables: run.tables,
    startedAt: run.startedAt,
    finishedAt: context.now,
    bytesSent: run.bytesSent,
    bytesReceived: run.bytesReceived,
    reload: run.reload,
    error,
  };
  const next = failure
    ? afterFailure(run, failure, context)
    : { at: context.now + (run.interval ?? context.interval), attempts: 0 };
  return { state: { name: 'recording', run, report }, effects: [{ name: 'record', report, next }] };
}

function afterFailure(run: Run, failure: Failure, context: Context): NextAttempt {
  const attempts = run.attempts + 1;
  const delay = retryDelay(failure, attempts, context.random);
  return { at: delay === null ? null : context.now + delay, attempts };
}

function end(run: Run, outcome: Outcome, now: number): Transition {
  const done: Effect = { name: 'finish', outcome };
  if (run.next === null || outcome.kind === 'gave-way') return { state: idle, effects: [done] };
  const again = begin(run.next, now);
  return { state: again.state, effects: [done, ...again.effects] };
}

function widen(a: Direction | null, b: Direction): Direction {
  return a === null || a === b ? b : 'both';
}
