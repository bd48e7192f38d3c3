/** Who may exchange, and in which history: every case of exchange/admission.ts. */
import { describe, expect, it } from 'vitest';
import type { Push } from '../../../src/server/change-store.ts';
import {
  epochsWith,
  isInEpoch,
  noteOf,
  refusalOf,
  told,
  type DeviceState,
  type History,
} from '../../../src/server/exchange/admission.ts';
import { settingInsert, testTime } from '../../support/server-requests.ts';

const minute = 60_000;
const push = (parts: Partial<Push> = {}): Push => ({
  ...{ user: 'u', device: 'a', schema: 1, session: 's', writers: [['w', 9]], epoch: 'e1.e2', cursor: 40, known: 40 },
  ...{ changes: [], limit: 100, now: testTime },
  ...parts,
});
const device: DeviceState = { writer: 'w', stamp: 9, cursor: 40, session: 's', seenAt: testTime, retired: false };
const history = (parts: Partial<History> = {}): History => ({
  head: 60,
  horizon: 10,
  epochs: 'e1.e2',
  allEpochs: () => [
    { id: 'e1', first: 1 },
    { id: 'e2', first: 31 },
  ],
  ...parts,
});

describe('an exchange', () => {
  it('takes place for a device that goes on from what was merged of it', () => {
    expect(refusalOf(push(), device, history())).toBeNull();
    expect(refusalOf(push(), { ...device, writer: null, stamp: 0 }, history())).toBeNull();
    expect(refusalOf(push(), null, history())).toBeNull();
  });

  it('is refused to a retired device, but what a restored server lost is asked of it first', () => {
    const retired = { ...device, retired: true };
    expect(refusalOf(push(), retired, history())).toEqual({ code: 'device_retired' });
    expect(refusalOf(push({ known: 900 }), retired, history())).toEqual({ code: 'history_lost', sequence: 60 });
  });

  it('is refused to a device that does not know what was merged under its id', () => {
    expect(refusalOf(push(), { ...device, stamp: 10 }, history())).toEqual({ code: 'device_taken' });
    expect(refusalOf(push(), { ...device, writer: 'other' }, history())).toEqual({ code: 'device_taken' });
  });

  it('is refused below the horizon, and not to a device that knows nothing', () => {
    expect(refusalOf(push({ cursor: 9 }), device, history())).toEqual({ code: 'history_compacted' });
    expect(refusalOf(push({ cursor: 10 }), device, history())).toBeNull();
    expect(refusalOf(push({ cursor: 0 }), device, history())).toEqual({ code: 'history_compacted' });
    expect(refusalOf(push({ cursor: 9, known: 0 }), device, history())).toEqual({ code: 'history_compacted' });
    expect(refusalOf(push({ cursor: 0, known: 0, epoch: '' }), device, history())).toBeNull();
  });

  it('takes place below the horizon while that is where the device heard of it last, and not when it has moved', () => {
    const epoch = told(history());
    expect(epoch).toBe('e1.e2~10');
    expect(refusalOf(push({ cursor: 5, epoch }), device, history())).toBeNull();
    expect(refusalOf(push({ cursor: 5, epoch }), device, history({ horizon: 11 }))).toEqual({
      code: 'history_compacted',
    });
    expect(refusalOf(push({ cursor: 5, epoch: 'e1.e2~nowhere' }), device, history())).toEqual({
      code: 'history_compacted',
    });
    expect(refusalOf(push({ epoch, known: 61 }), device, history())).toEqual({ code: 'history_lost', sequence: 60 });
  });

  it('is refused to a device that knows more than there is', () => {
    expect(refusalOf(push({ known: 61 }), device, history())).toEqual({ code: 'history_lost', sequence: 60 });
    expect(refusalOf(push({ known: 60 }), device, history())).toBeNull();
  });

  it('takes place after restarts of the server, however many', () => {
    expect(refusalOf(push({ epoch: 'e1', known: 30 }), device, history())).toBeNull();
    const many = history({
      epochs: 'e7.e8',
      allEpochs: () => [
        { id: 'e2', first: 1 },
        { id: 'e8', first: 50 },
      ],
    });
    expect(refusalOf(push({ known: 49 }), device, many)).toBeNull();
  });

  it.each([
    ['an epoch that ended earlier here', push({ epoch: 'e1', known: 31 }), 30],
    ['an epoch that never was here, after one that was', push({ epoch: 'e1.e9', known: 31 }), 30],
    ['an epoch after the last one here', push({ epoch: 'e1.e2.e9', known: 61 }), 60],
    ['epochs that never were here', push({ epoch: 'e8.e9', known: 5 }), 0],
    ['a time before the first epoch', push({ epoch: '', known: 5 }), 0],
  ])('is refused with the last common sequence to a device that knows %s', (_, sent, sequence) => {
    expect(refusalOf(sent, device, history())).toEqual({ code: 'history_lost', sequence });
  });

  it('takes place where the device knows nothing of an epoch that never was here', () => {
    expect(refusalOf(push({ epoch: 'e1.e9', cursor: 30, known: 30 }), device, history())).toBeNull();
  });
});

describe('what is noted of a device', () => {
  it('is everything when it is new', () => {
    expect(noteOf(push(), null)).toEqual({ ...device, writer: null, stamp: 0 });
  });

  it('is what was merged, with a push', () => {
    const changes = [settingInsert('a', '1')];
    const noted = noteOf(
      push({
        changes,
        writers: [
          ['w', 9],
          ['v', 12],
        ],
      }),
      device,
    );
    expect(noted).toMatchObject({ writer: 'v', stamp: 12 });
    expect(noteOf(push({ changes, writers: [] }), device)).toMatchObject({ writer: 'w', stamp: 9 });
  });

  it.each([
    ['nothing, while nothing changed', push({ now: testTime + 60 * minute }), null],
    ['nothing, moments after the last note', push({ cursor: 50, now: testTime + minute }), null],
    ['how far it came, after some minutes', push({ cursor: 50, now: testTime + 5 * minute }), { cursor: 50 }],
    ['at once, that it went back', push({ cursor: 0 }), { cursor: 0 }],
    ['another session', push({ session: 't' }), { session: 't' }],
    ['that it was there, twice a day', push({ now: testTime + 721 * minute }), { seenAt: testTime + 721 * minute }],
  ])('is %s', (_, sent, noted) => {
    const note = noteOf(sent, device);
    if (noted === null) expect(note).toBeNull();
    else expect(note).toMatchObject(noted);
  });
});

it('devices are told of the last epochs, and of the horizon when there is one', () => {
  expect(told(history({ horizon: 0 }))).toBe('e1.e2');
  expect(epochsWith('', 'a')).toBe('a');
  expect(epochsWith('a.b.c.d', 'e')).toBe('b.c.d.e');
  expect(isInEpoch('a.b', 'b')).toBe(true);
  expect(isInEpoch('a.b', 'a')).toBe(false);
});
