/** What only the request can tell about a reply, in words for an engineer. */
import { describe, expect, it } from 'vitest';
import type { Change, SyncReply } from '../../../src/protocol/messages.ts';
import { checkReply } from '../../../src/sync/exchange.ts';
import type { Batch } from '../../../src/sync/ports.ts';

const edit: Change = { table: 'setting', id: 's', op: 'update', stamp: 5, values: { value: '1' }, baseSeq: 1 };
const batch: Batch = {
  ...{ user: 'ana', device: 'a', schema: 2, writers: [], epoch: 'e', cursor: 4, known: 4, isNew: false, loads: 0 },
  ...{ changes: [edit], more: false, attempts: 0, interval: null, unread: {} },
};
const reply: SyncReply = {
  ...{ results: [{ status: 'applied', seq: 5 }], changes: [], cursor: 5, epoch: 'e', head: 5, more: false },
  ...{ clock: 9, serverTime: 1_000 },
};
const fine = { ok: true, value: null };
const off = (detail: string) => ({ ok: false, error: { code: 'bad_reply', detail } });

describe('a reply', () => {
  it('answers every change, neither fewer nor more', () => {
    const asked = { direction: 'both', batch, preview: false } as const;
    expect(checkReply(reply, asked)).toEqual(fine);
    for (const results of [[], [...reply.results, ...reply.results]]) {
      expect(checkReply({ ...reply, results }, asked)).toEqual(off('results do not match changes'));
    }
  });

  it('never takes the cursor back, whatever was asked', () => {
    for (const direction of ['up', 'down', 'both'] as const) {
      expect(checkReply({ ...reply, cursor: 3 }, { direction, batch, preview: false })).toEqual(
        off('the cursor went back'),
      );
      expect(checkReply({ ...reply, cursor: 4 }, { direction, batch, preview: false })).toEqual(fine);
    }
  });

  it('with more to come moves the cursor, unless nothing was to be pulled', () => {
    const still = { ...reply, cursor: 4, more: true };
    expect(checkReply(still, { direction: 'both', batch, preview: false })).toEqual(off('the cursor stands still'));
    expect(checkReply(still, { direction: 'down', batch, preview: false })).toEqual(off('the cursor stands still'));
    expect(checkReply(still, { direction: 'up', batch, preview: false })).toEqual(fine);
    expect(checkReply({ ...still, cursor: 5 }, { direction: 'both', batch, preview: false })).toEqual(fine);
  });

  it('asks for a row whole only where an edit of it was sent', () => {
    const again = { ...reply, results: [{ status: 'resend', seq: 0 }] } as const;
    expect(checkReply(again, { direction: 'both', batch, preview: false })).toEqual(fine);
    for (const op of ['insert', 'delete'] as const) {
      const whole = { ...batch, changes: [{ ...edit, op }] };
      expect(checkReply(again, { direction: 'both', batch: whole, preview: false })).toEqual(
        off('asked to resend what was whole'),
      );
    }
  });

  it('is a preview only where one was asked for, and one that leaves the rest to come', () => {
    const first = { direction: 'both', batch: { ...batch, cursor: 0 }, preview: true } as const;
    const preview: SyncReply = { ...reply, cursor: 0, more: true, preview: true };
    expect(checkReply(preview, first)).toEqual(fine);
    expect(checkReply({ ...reply, more: true }, first)).toEqual(fine);
    expect(checkReply(preview, { ...first, preview: false })).toEqual(off('a preview that nobody asked for'));
    expect(checkReply({ ...preview, cursor: 5 }, first)).toEqual(off('a preview moved the cursor'));
    expect(checkReply({ ...preview, more: false }, first)).toEqual(off('a preview for all there is'));
  });
});
