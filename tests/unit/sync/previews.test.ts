/** When the engine asks for a preview, and which it takes: docs/decisions/0092-preview.md. */
import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../src/base/result.ts';
import type { SyncReply } from '../../../src/protocol/messages.ts';
import { idle, transition, type Context, type Event, type Transition } from '../../../src/sync/machine.ts';
import type { Batch } from '../../../src/sync/ports.ts';

const context: Context = { now: 1_000, random: 0.5, interval: 900_000 };
const batch: Batch = {
  ...{ user: 'ana', device: 'a', schema: 2, writers: [], epoch: '', cursor: 0, known: 0, isNew: true, loads: 0 },
  ...{ changes: [], more: false, attempts: 0, interval: null, unread: {} },
};
const reply: SyncReply = {
  ...{ results: [], changes: [], cursor: 0, epoch: 'e', head: 5, more: true, preview: true },
  ...{ clock: 9, serverTime: 1_000 },
};

const requested: Event = { name: 'requested', direction: 'both' };
const first: Event = { name: 'gathered', result: ok(batch) };
const preview: Event = { name: 'exchanged', result: ok({ reply, sent: 10, received: 20 }) };
const applied: Event = { name: 'applied', result: ok({ tables: {}, more: false }) };

/** The state after these events, from idle. */
function after(...events: readonly Event[]): Transition {
  return events.reduce<Transition>((at, event) => transition(at.state, event, context), { state: idle, effects: [] });
}

/** Of each request that is sent now: whether it asks for a preview. */
function asked({ effects }: Transition): (boolean | undefined)[] {
  return effects.flatMap((effect) => (effect.name === 'exchange' ? [effect.request.preview] : []));
}

describe('on a device that has nothing yet, the engine', () => {
  it('asks for a preview, and for pages once that is stored', () => {
    expect(asked(after(requested, first))).toEqual([true]);
    expect(after(requested, first, preview).effects).toMatchObject([{ name: 'apply', reply: { preview: true } }]);
    const again = [requested, first, preview, applied] as const;
    expect(after(...again).effects).toEqual([{ name: 'gather', direction: 'both' }]);
    expect(asked(after(...again, first))).toEqual([undefined]);
  });

  it('asks again while none has come, as a part of the request was refused', () => {
    const refused: Event = { name: 'exchanged', result: err({ code: 'clock_ahead', serverTime: 77 }) };
    const mended: Event = { name: 'mended', result: ok(null) };
    expect(asked(after(requested, first, refused, mended, first))).toEqual([true]);
  });

  it('takes one preview in a run, and none that it did not ask for', () => {
    const twice = after(requested, first, preview, applied, first, preview);
    expect(twice.effects).toMatchObject([{ name: 'record', report: { error: { code: 'bad_reply' } } }]);
    const unasked = after(requested, { name: 'gathered', result: ok({ ...batch, isNew: false }) }, preview);
    expect(unasked.effects).toMatchObject([{ name: 'record', report: { error: { code: 'bad_reply' } } }]);
  });

  it('wants no preview when it only pushes', () => {
    expect(asked(after({ name: 'requested', direction: 'up' }, first))).toEqual([undefined]);
    expect(asked(after({ name: 'requested', direction: 'down' }, first))).toEqual([true]);
  });
});
