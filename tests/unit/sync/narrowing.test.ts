/** A request that the server refuses as a whole: the change that it is refused for is found, and the others go on. */
import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../src/base/result.ts';
import type { Failure } from '../../../src/protocol/errors.ts';
import { limits } from '../../../src/protocol/limits.ts';
import type { Change, SyncRequest } from '../../../src/protocol/messages.ts';
import { idle, transition, type Effect, type Event, type Transition } from '../../../src/sync/machine.ts';
import type { AppliedTable, Batch } from '../../../src/sync/ports.ts';
import type { Direction, SyncReport } from '../../../src/sync/report.ts';

const context = { now: 1_000, random: 0.5, interval: 900_000 };
const invalid: Failure = { code: 'invalid' };

/** How many changes a request held, `?` for the empty one that is asked with, or the id of the change set aside. */
type Step = number | string;

interface World {
  /** Ids that are not taken, alone or among others. */
  readonly bad?: readonly string[];
  /** Why a request is refused, or null; over `bad`. */
  readonly refusal?: (request: SyncRequest, earlier: readonly Step[]) => Failure | null;
  readonly direction?: Direction;
}

interface Ran {
  readonly steps: readonly Step[];
  readonly waiting: readonly string[];
  readonly report: SyncReport;
  readonly next: { readonly at: number | null };
}

/** Runs the machine against a server that refuses whole requests, until it has finished. */
function run(count: number, { bad = [], refusal, direction = 'both' }: World): Ran {
  let waiting = Array.from({ length: count }, (_, index) => `c${index}`);
  const steps: Step[] = [];
  const refuses =
    refusal ?? (({ changes }: SyncRequest) => (changes.some(({ id }) => bad.includes(id)) ? invalid : null));
  const leave = (ids: readonly string[]): void => void (waiting = waiting.filter((id) => !ids.includes(id)));

  const perform = (effect: Effect): Event | null => {
    switch (effect.name) {
      case 'gather':
        return { name: 'gathered', result: ok(batchOf(waiting)) };
      case 'exchange': {
        const { request } = effect;
        const failure = refuses(request, steps);
        steps.push(request.changes.length === 0 && request.limit === 0 ? '?' : request.changes.length);
        return { name: 'exchanged', result: failure ? err(failure) : ok(answerTo(request)) };
      }
      case 'apply':
        leave(effect.sent.changes.map(({ id }) => id));
        return {
          name: 'applied',
          result: ok({ tables: { setting: tally(effect.sent.changes.length, 0) }, more: false }),
        };
      case 'setAside': {
        const [{ id } = { id: '' }] = effect.sent.changes;
        steps.push(id);
        leave([id]);
        return { name: 'applied', result: ok({ tables: { setting: tally(1, 1) }, more: false }) };
      }
      case 'record':
        recorded = effect;
        return { name: 'recorded' };
      default:
        return null;
    }
  };

  let recorded: Extract<Effect, { name: 'record' }> | undefined;
  let at: Transition = transition(idle, { name: 'requested', direction }, context);
  for (let event = perform(at.effects[0]!); event; event = perform(at.effects[0]!)) {
    at = transition(at.state, event, context);
  }
  return { steps, waiting, report: recorded!.report, next: recorded!.next };
}

function batchOf(ids: readonly string[]): Batch {
  return {
    ...{
      user: 'ana',
      device: 'a',
      schema: 2,
      writers: [],
      epoch: 'e',
      cursor: 4,
      known: 4,
      isNew: false,
      loads: 0,
      attempts: 0,
    },
    changes: ids.slice(0, limits.pushChanges).map((id): Change => {
      return { table: 'setting', id, op: 'delete', stamp: 5, baseSeq: 1 };
    }),
    ...{ more: ids.length > limits.pushChanges, interval: null, unread: {} },
  };
}

function answerTo({ changes }: SyncRequest) {
  const results = changes.map(() => ({ status: 'applied', seq: 5 }) as const);
  const at = { cursor: 4, epoch: 'e', head: 5, more: false, clock: 9, serverTime: 1_000 };
  return { reply: { results, changes: [], ...at }, sent: 10, received: 20 };
}

function tally(sent: number, failed: number): AppliedTable {
  const errors = failed > 0 ? [invalid] : [];
  return { sent, received: 0, failed, conflicts: 0, errors, duration: 0, bytes: 0 };
}

const asked: Event = { name: 'gathered', result: ok(batchOf(['c0'])) };
const refused = (failure: Failure): Event => ({ name: 'exchanged', result: err(failure) });

/** From a sync that was requested. */
function after(...events: readonly Event[]): Transition {
  const begun = transition(idle, { name: 'requested', direction: 'both' }, context);
  return events.reduce((at, event) => transition(at.state, event, context), begun);
}

describe('a request that is refused as a whole', () => {
  it.each<[string, number, string]>([
    ['the first', 4, 'c0'],
    ['the last', 4, 'c3'],
    ['one of an odd number', 5, 'c2'],
    ['the only one', 1, 'c0'],
    ['the last of a full push', limits.pushChanges, 'c999'],
    ['one beyond the first push', limits.pushChanges + 5, 'c1002'],
  ])('is narrowed down to the one change: %s', (_, count, bad) => {
    const { steps, waiting, report, next } = run(count, { bad: [bad] });
    expect(steps.filter((step) => typeof step === 'string' && step !== '?')).toEqual([bad]);
    expect(waiting).toEqual([]);
    expect(report).toMatchObject({ error: null, processed: count, succeeded: count - 1, failed: 1 });
    expect(next).toEqual({ at: 901_000, attempts: 0 });
    expect(steps.length).toBeLessThan(40);
  });

  it('is halved until it is accepted or alone; alone it is refused twice, with an empty one accepted in between', () => {
    expect(run(8, { bad: ['c5'] }).steps).toEqual([8, 4, 4, 2, 1, 2, 1, '?', 1, 'c5', 1, 1]);
  });

  it('is made larger again with every reply', () => {
    expect(run(12, { bad: ['c0'] }).steps).toEqual([12, 6, 3, 1, '?', 1, 'c0', 1, 2, 4, 4]);
    expect(run(8, { bad: ['c0'] }).steps).toEqual([8, 4, 2, 1, '?', 1, 'c0', 1, 2, 4]);
  });

  it('gives up several changes, each for itself, also of those side by side', () => {
    const { steps, waiting, report } = run(20, { bad: ['c3', 'c4', 'c17'] });
    expect(steps.filter((step) => typeof step === 'string' && step !== '?')).toEqual(['c3', 'c4', 'c17']);
    expect(waiting).toEqual([]);
    expect(report).toMatchObject({ error: null, failed: 3, tables: { setting: { errors: [invalid] } } });
  });

  it.each(['malformed', 'too_large'] as const)('is so for %s too', (code) => {
    const refusal = ({ changes }: SyncRequest) => (changes.some(({ id }) => id === 'c1') ? { code } : null);
    expect(run(2, { refusal })).toMatchObject({ waiting: [], report: { error: null, failed: 1 } });
  });

  it('for its size alone loses nothing: all go in smaller requests', () => {
    const refusal = ({ changes }: SyncRequest): Failure | null => (changes.length > 300 ? { code: 'too_large' } : null);
    expect(run(2_500, { refusal })).toMatchObject({ waiting: [], report: { error: null, failed: 0 } });
  });

  it('keeps a change that is accepted the second time: the request was damaged on its way', () => {
    const refusal = (_: SyncRequest, earlier: readonly Step[]) => (earlier.length === 0 ? invalid : null);
    const { steps, report } = run(1, { refusal });
    expect(steps).toEqual([1, '?', 1]);
    expect(report).toMatchObject({ error: null, failed: 0, bytesSent: 20, bytesReceived: 40 });
  });

  it('keeps a change where an empty request is refused too: it is not the change', () => {
    const { steps, waiting, report, next } = run(1, { refusal: () => invalid });
    expect(steps).toEqual([1, '?']);
    expect(waiting).toEqual(['c0']);
    expect(report).toMatchObject({ error: { code: 'invalid' }, failed: 0 });
    expect(next).toMatchObject({ at: null });
  });

  it('keeps a change where the connection is lost while it is alone', () => {
    const refusal = (_: SyncRequest, { length }: readonly Step[]): Failure =>
      length < 2 ? invalid : { code: 'offline' };
    const { waiting, report, next } = run(2, { refusal });
    expect(waiting).toEqual(['c0', 'c1']);
    expect(report).toMatchObject({ error: { code: 'offline' } });
    expect(next.at).toBeGreaterThan(1_000);
  });

  it('with nothing in it is a failure', () => {
    expect(run(0, { refusal: () => invalid })).toMatchObject({ steps: [0], report: { error: { code: 'invalid' } } });
  });

  it('ends the run when more than ten changes were set aside: it is not the changes', () => {
    const bad = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const { waiting, report, next } = run(30, { bad });
    expect(waiting).toHaveLength(20);
    expect(report).toMatchObject({ error: { code: 'invalid' }, failed: 10 });
    expect(next).toMatchObject({ at: null });
  });

  it('is put right first where an empty one is refused for another reason', () => {
    const { state, effects } = after(asked, refused(invalid), refused({ code: 'device_taken' }));
    expect(state.name).toBe('mending');
    expect(effects).toEqual([{ name: 'takeNewId' }]);
  });

  it('asks with an empty request that wants no rows, as the very same device', () => {
    const { effects } = after(asked, refused(invalid));
    expect(effects).toMatchObject([{ name: 'exchange', request: { changes: [], limit: 0, device: 'a', cursor: 4 } }]);
  });

  it('is narrowed when only sending is asked for', () => {
    expect(run(4, { bad: ['c2'], direction: 'up' })).toMatchObject({ waiting: [], report: { error: null, failed: 1 } });
  });
});
