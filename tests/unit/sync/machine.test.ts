/** The table is total and every cell does what docs/spec/sync.md says. */
import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../src/base/result.ts';
import type { Failure } from '../../../src/protocol/errors.ts';
import { limits } from '../../../src/protocol/limits.ts';
import type { Change, SyncReply } from '../../../src/protocol/messages.ts';
import { protocolVersion } from '../../../src/protocol/version.ts';
import { schemaVersion } from '../../../src/schema/tables.ts';
import {
  idle,
  transition,
  type Context,
  type Event,
  type Mend,
  type State,
  type Transition,
} from '../../../src/sync/machine.ts';
import type { Applied, AppliedTable, Batch } from '../../../src/sync/ports.ts';

const context: Context = { now: 1_000, random: 0.5, interval: 900_000 };
const change: Change = { table: 'setting', id: 's', op: 'update', stamp: 5, values: { value: '1' }, baseSeq: 1 };
const batch: Batch = {
  user: 'ana',
  device: 'a',
  schema: 2,
  writers: [['w', 5]],
  epoch: 'e',
  cursor: 4,
  known: 4,
  isNew: false,
  loads: 0,
  changes: [change],
  more: false,
  attempts: 2,
  interval: null,
  unread: {},
};
const reply: SyncReply = {
  results: [{ status: 'applied', seq: 5 }],
  changes: [],
  cursor: 5,
  epoch: 'e',
  head: 5,
  more: false,
  clock: 9,
  serverTime: 1_000,
};
const settingTally: AppliedTable = {
  ...{ sent: 1, received: 2, failed: 0, conflicts: 1 },
  ...{ errors: [], duration: 3, bytes: 40 },
};
const applied: Applied = { tables: { setting: settingTally }, more: false };
const offline: Failure = { code: 'offline', detail: 'no route' };

const requested: Event = { name: 'requested', direction: 'both' };
const gathered = (change: Partial<Batch> = {}): Event => ({ name: 'gathered', result: ok({ ...batch, ...change }) });
const exchanged = (change: Partial<SyncReply> = {}): Event => ({
  name: 'exchanged',
  result: ok({ reply: { ...reply, ...change }, sent: 10, received: 20 }),
});

/** The state after these events, from idle. */
function after(...events: readonly Event[]): Transition {
  return events.reduce<Transition>((at, event) => transition(at.state, event, context), { state: idle, effects: [] });
}

/** Reached within a test: what runs outside of one counts, in the mutation tests, for all of them. */
const states: Record<State['name'], () => State> = {
  idle: () => idle,
  gathering: () => after(requested).state,
  exchanging: () => after(requested, gathered()).state,
  probing: () => after(requested, gathered(), { name: 'exchanged', result: err({ code: 'invalid' }) }).state,
  applying: () => after(requested, gathered(), exchanged()).state,
  mending: () =>
    after(requested, gathered(), { name: 'exchanged', result: err({ code: 'clock_ahead', serverTime: 77 }) }).state,
  recording: () => after(requested, { name: 'gathered', result: err(offline) }).state,
};
const events: Record<Event['name'], Event> = {
  requested,
  gathered: gathered(),
  exchanged: exchanged(),
  applied: { name: 'applied', result: ok(applied) },
  mended: { name: 'mended', result: ok(null) },
  recorded: { name: 'recorded' },
};
/** The event that answers the open question of a state. */
const answer: Partial<Record<State['name'], Event['name']>> = {
  gathering: 'gathered',
  exchanging: 'exchanged',
  probing: 'exchanged',
  applying: 'applied',
  mending: 'mended',
  recording: 'recorded',
};

describe('the state machine', () => {
  it('is in the state that its name says', () => {
    for (const [name, state] of Object.entries(states)) expect(state().name).toBe(name);
  });

  for (const [stateName, reach] of Object.entries(states)) {
    for (const [eventName, event] of Object.entries(events)) {
      if (eventName === 'requested' || answer[stateName as State['name']] === eventName) continue;
      it(`takes no notice of a stray ${eventName} while ${stateName}`, () => {
        const state = reach();
        expect(transition(state, event, context)).toEqual({ state, effects: [] });
      });
    }
  }

  it('gathers when a sync is requested', () => {
    const { state, effects } = after({ name: 'requested', direction: 'up' });
    expect(state).toMatchObject({ name: 'gathering', run: { direction: 'up', startedAt: 1_000 } });
    expect(effects).toEqual([{ name: 'gather', direction: 'up' }]);
  });

  it('sends what was gathered, with the cursor', () => {
    expect(after(requested, gathered()).effects).toEqual([
      {
        name: 'exchange',
        request: {
          protocol: protocolVersion,
          schema: schemaVersion,
          user: 'ana',
          device: 'a',
          writers: [['w', 5]],
          epoch: 'e',
          cursor: 4,
          known: 4,
          changes: [change],
          limit: limits.pullRows,
        },
      },
    ]);
  });

  it('wants no rows when it only pushes', () => {
    const { effects } = after({ name: 'requested', direction: 'up' }, gathered());
    expect(effects).toMatchObject([{ request: { limit: 0 } }]);
  });

  it('ends without a trace when nobody has signed up', () => {
    const { state, effects } = after(requested, gathered({ user: null, changes: [] }));
    expect(state).toBe(idle);
    expect(effects).toEqual([{ name: 'finish', outcome: { kind: 'no-account' } }]);
  });

  it('applies a reply together with what it answers', () => {
    expect(after(requested, gathered(), exchanged()).effects).toEqual([{ name: 'apply', sent: batch, reply }]);
  });

  it.each<[string, Partial<Batch>, Partial<SyncReply>]>([
    ['edits wait beyond the push', { more: true }, {}],
    ['rows wait beyond the page', {}, { more: true }],
    ['a row has to be sent whole', {}, { results: [{ status: 'resend', seq: 0 }] }],
  ])('goes round again when %s', (_, more, said) => {
    const { state, effects } = after(requested, gathered(more), exchanged(said), events.applied);
    expect(state.name).toBe('gathering');
    expect(effects).toEqual([{ name: 'gather', direction: 'both' }]);
  });

  const refilling: Event = { name: 'applied', result: ok({ ...applied, more: true }) };

  it('goes round again when the store has more to ask for than the reply said', () => {
    const { effects } = after(requested, gathered(), exchanged(), refilling);
    expect(effects).toEqual([{ name: 'gather', direction: 'both' }]);
  });

  it.each([
    ['the reply', { more: true }, events.applied],
    ['the store', {}, refilling],
  ])('does not go round for rows that %s has more of when it only pushes', (_, said, stored) => {
    const { state } = after({ name: 'requested', direction: 'up' }, gathered(), exchanged(said), stored);
    expect(state.name).toBe('recording');
  });

  it('says which version of the tables the rows go into', () => {
    const { effects } = after(requested, gathered({ schema: 7 }));
    expect(effects).toMatchObject([{ request: { schema: 7 } }]);
  });

  it.each<[string, Partial<SyncReply>]>([
    ['has too few results', { results: [] }],
    ['moves the cursor back', { cursor: 3 }],
    ['promises more without moving the cursor', { more: true, cursor: 4 }],
  ])('refuses a reply that %s', (_, said) => {
    const { effects } = after(requested, gathered(), exchanged(said));
    expect(effects).toMatchObject([{ name: 'record', report: { error: { code: 'bad_reply' } } }]);
  });

  it.each(['insert', 'delete'] as const)('refuses to send an %s again that was whole', (op) => {
    const whole = gathered({ changes: [{ ...change, op }] });
    const { effects } = after(requested, whole, exchanged({ results: [{ status: 'resend', seq: 0 }] }));
    expect(effects).toMatchObject([{ name: 'record', report: { error: { code: 'bad_reply' } } }]);
  });

  it('reports by table and in total, over all rounds', () => {
    const first = [gathered({ more: true }), exchanged(), events.applied] as const;
    const second = [gathered(), exchanged(), events.applied] as const;
    const tally = { processed: 6, succeeded: 6, failed: 0, conflicts: 2 };
    expect(after(requested, ...first, ...second).effects).toEqual([
      {
        name: 'record',
        report: {
          direction: 'both',
          ...tally,
          tables: { setting: { ...tally, errors: [], duration: 6, bytes: 80 } },
          reload: null,
          startedAt: 1_000,
          finishedAt: 1_000,
          bytesSent: 20,
          bytesReceived: 40,
          error: null,
        },
        next: { at: 901_000, attempts: 0 },
      },
    ]);
  });

  it('plans the next sync as the person chose', () => {
    const { effects } = after(requested, gathered({ interval: 60_000 }), exchanged(), events.applied);
    expect(effects).toMatchObject([{ next: { at: 61_000 } }]);
  });

  it('counts what was rejected as failed', () => {
    const rejected: Event = {
      name: 'applied',
      result: ok({ tables: { setting: { ...settingTally, sent: 3, received: 0, failed: 2 } }, more: false }),
    };
    expect(after(requested, gathered(), exchanged(), rejected).effects).toMatchObject([
      { report: { processed: 3, succeeded: 1, failed: 2 } },
    ]);
  });

  it.each<[string, readonly Event[]]>([
    ['gathering', [requested, { name: 'gathered', result: err(offline) }]],
    ['exchanging', [requested, gathered(), { name: 'exchanged', result: err(offline) }]],
    [
      'probing',
      [
        requested,
        gathered(),
        { name: 'exchanged', result: err({ code: 'invalid' }) },
        { name: 'exchanged', result: err(offline) },
      ],
    ],
    ['applying', [requested, gathered(), exchanged(), { name: 'applied', result: err(offline) }]],
    [
      'mending',
      [
        requested,
        gathered(),
        { name: 'exchanged', result: err({ code: 'clock_ahead', serverTime: 7 }) },
        { name: 'mended', result: err(offline) },
      ],
    ],
  ])('records a failure of %s and plans the next attempt', (_, way) => {
    const { state, effects } = after(...way);
    expect(state.name).toBe('recording');
    expect(effects).toMatchObject([{ name: 'record', report: { error: { code: 'offline', detail: 'no route' } } }]);
  });

  it('counts failed runs in a row and waits longer', () => {
    const { effects } = after(requested, gathered(), { name: 'exchanged', result: err({ code: 'unavailable' }) });
    expect(effects).toMatchObject([
      { report: { error: { code: 'unavailable' } }, next: { attempts: 3, at: 1_000 + 0.5 * 2_000 * 2 ** 2 } },
    ]);
  });

  it('plans no attempt where only the person can help', () => {
    const { effects } = after(requested, gathered(), { name: 'exchanged', result: err({ code: 'signed_out' }) });
    expect(effects).toMatchObject([{ next: { at: null } }]);
  });

  it('gives way without a trace when the storage is wanted elsewhere, whatever was asked meanwhile', () => {
    const { state, effects } = after(requested, requested, { name: 'gathered', result: err({ code: 'storage_busy' }) });
    expect(state).toBe(idle);
    expect(effects).toEqual([{ name: 'finish', outcome: { kind: 'gave-way' } }]);
  });

  it('corrects the clock when it is told to, and tries again', () => {
    const ahead: Event = { name: 'exchanged', result: err({ code: 'clock_ahead', serverTime: 77 }) };
    expect(after(requested, gathered(), ahead).effects).toEqual([{ name: 'correctClock', serverTime: 77 }]);
    expect(after(requested, gathered(), ahead, events.mended).effects).toEqual([{ name: 'gather', direction: 'both' }]);
  });

  it('corrects the clock also after something else was put right', () => {
    const taken: Event = { name: 'exchanged', result: err({ code: 'device_taken' }) };
    const ahead: Event = { name: 'exchanged', result: err({ code: 'clock_ahead', serverTime: 77 }) };
    const { effects } = after(requested, gathered(), taken, events.mended, gathered(), ahead);
    expect(effects).toEqual([{ name: 'correctClock', serverTime: 77 }]);
  });

  it('fails when the clock is refused again, or without a time to go by', () => {
    const ahead: Event = { name: 'exchanged', result: err({ code: 'clock_ahead', serverTime: 77 }) };
    const timeless: Event = { name: 'exchanged', result: err({ code: 'clock_ahead' }) };
    const failed = [{ name: 'record', report: { error: { code: 'clock_ahead' } } }];
    expect(after(requested, gathered(), ahead, events.mended, gathered(), ahead).effects).toMatchObject(failed);
    expect(after(requested, gathered(), timeless).effects).toMatchObject(failed);
  });

  it.each<[Failure, Mend]>([
    [{ code: 'device_taken' }, { name: 'takeNewId' }],
    [{ code: 'device_retired' }, { name: 'beginReload', reload: { cause: 'retired', common: 0 } }],
    [{ code: 'history_compacted' }, { name: 'beginReload', reload: { cause: 'away', common: 0 } }],
    [
      { code: 'history_lost', sequence: 45 },
      { name: 'beginReload', reload: { cause: 'restored', common: 45 } },
    ],
    [{ code: 'history_lost' }, { name: 'beginReload', reload: { cause: 'restored', common: 0 } }],
  ])('puts right what the server refused with %o, and tries again', (failure, mend) => {
    const refused: Event = { name: 'exchanged', result: err(failure) };
    expect(after(requested, gathered(), refused).effects).toEqual([mend]);
    const again = after(requested, gathered(), refused, events.mended);
    expect(again).toMatchObject({ state: { name: 'gathering' }, effects: [{ name: 'gather', direction: 'both' }] });
  });

  it('tells in the report why everything was loaded anew, whatever was put right besides', () => {
    const compacted: Event = { name: 'exchanged', result: err({ code: 'history_compacted' }) };
    const taken: Event = { name: 'exchanged', result: err({ code: 'device_taken' }) };
    const mends = [compacted, events.mended, gathered(), taken, events.mended, gathered()] as const;
    const { effects } = after(requested, gathered(), ...mends, exchanged(), events.applied);
    expect(effects).toMatchObject([{ name: 'record', report: { reload: 'away', error: null } }]);
  });

  it('fails when it was refused so often that there is no end to it', () => {
    const refused: Event = { name: 'exchanged', result: err({ code: 'history_compacted' }) };
    const round = [gathered(), refused, events.mended] as const;
    const { effects } = after(requested, ...round, ...round, ...round, ...round, gathered(), refused);
    expect(effects).toMatchObject([{ name: 'record', report: { error: { code: 'history_compacted' } } }]);
  });

  it('counts records that could not be read as failed, with what was wrong', () => {
    const errors = [{ code: 'storage_failed', detail: 'broken' }] as const;
    const unread = { review: { count: 2, errors } };
    const { effects } = after(requested, gathered({ unread }), exchanged(), events.applied);
    expect(effects).toMatchObject([
      { report: { processed: 5, failed: 2, tables: { review: { processed: 2, succeeded: 0, failed: 2, errors } } } },
    ]);
  });

  it('finishes with the report when the run is stored', () => {
    const { state, effects } = after(requested, gathered(), exchanged(), events.applied, events.recorded);
    expect(state).toBe(idle);
    expect(effects).toMatchObject([{ name: 'finish', outcome: { kind: 'done', report: { processed: 3 } } }]);
  });

  for (const [name, reach] of Object.entries(states)) {
    if (name === 'idle') continue;
    it(`remembers a sync that is requested while ${name}`, () => {
      const { state: next, effects } = transition(reach(), requested, context);
      expect(next).toMatchObject({ name, run: { next: 'both' } });
      expect(effects).toEqual([]);
    });
  }

  it('starts over once for all that was requested meanwhile', () => {
    const up: Event = { name: 'requested', direction: 'up' };
    const down: Event = { name: 'requested', direction: 'down' };
    const all = [gathered(), exchanged(), events.applied, events.recorded] as const;
    expect(after(requested, up, up, ...all).effects).toMatchObject([
      { name: 'finish' },
      { name: 'gather', direction: 'up' },
    ]);
    expect(after(requested, up, down, ...all).effects).toMatchObject([
      { name: 'finish' },
      { name: 'gather', direction: 'both' },
    ]);
  });
});
