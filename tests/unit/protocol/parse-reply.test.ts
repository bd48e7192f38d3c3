import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowPage, SyncReply } from '../../../src/protocol/messages.ts';
import { errors, isErrorCode } from '../../../src/protocol/errors.ts';
import {
  parseDevicesReply,
  parseErrorReply,
  parseSessionReply,
  parseSyncReply,
} from '../../../src/protocol/parse-reply.ts';

const page: RowPage = {
  table: 'setting',
  ids: ['a', 'b'],
  seqs: [1, 2],
  deleted: [1],
  columns: ['key', 'value'],
  values: [
    ['theme', null],
    ['1', null],
  ],
};
const reply: SyncReply = {
  results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value', column: 'key' } }],
  changes: [page],
  cursor: 2,
  epoch: 'e',
  head: 2,
  more: false,
  clock: 3,
  serverTime: 4,
};

describe('a reply of a sync', () => {
  it('is taken as it is when all of it fits', () => {
    expect(parseSyncReply(reply)).toEqual({ ok: true, value: reply });
    const preview: SyncReply = { ...reply, preview: true };
    expect(parseSyncReply(preview)).toEqual({ ok: true, value: preview });
  });

  it('says which part is wrong', () => {
    expect(parseSyncReply({ ...reply, epoch: 5 })).toMatchObject({ ok: false, error: { detail: 'epoch' } });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'ok'],
    ['no epoch', { ...reply, epoch: undefined }],
    ['a head that is none', { ...reply, head: '2' }],
    ['no cursor', { ...reply, cursor: undefined }],
    ['a cursor that is not whole', { ...reply, cursor: 1.5 }],
    ['a negative cursor', { ...reply, cursor: -1 }],
    ['no clock', { ...reply, clock: '3' }],
    ['no server time', { ...reply, serverTime: null }],
    ['no word on more', { ...reply, more: 'no' }],
    ['a preview that is said not to be one', { ...reply, preview: false }],
    ['results that are no list', { ...reply, results: {} }],
    ['an unknown status', { ...reply, results: [{ status: 'fine', seq: 0 }] }],
    ['a result that is null', { ...reply, results: [null] }],
    ['a result without a sequence', { ...reply, results: [{ status: 'applied' }] }],
    ['a result with an error that says nothing', { ...reply, results: [{ status: 'rejected', seq: 0, error: {} }] }],
    ['a result with a bare error', { ...reply, results: [{ status: 'rejected', seq: 0, error: 'x' }] }],
    ['changes that are no list', { ...reply, changes: {} }],
    ['a page that is null', { ...reply, changes: [null] }],
    ['a page without a table', { ...reply, changes: [{ ...page, table: 5 }] }],
    ['a page without ids', { ...reply, changes: [{ ...page, ids: 'a' }] }],
    ['a page without sequences', { ...reply, changes: [{ ...page, seqs: null }] }],
    ['a page without deletions', { ...reply, changes: [{ ...page, deleted: null }] }],
    ['a page without columns', { ...reply, changes: [{ ...page, columns: 'key' }] }],
    ['a page without values', { ...reply, changes: [{ ...page, values: 'x' }] }],
    ['an id that is no text', { ...reply, changes: [{ ...page, ids: ['a', 5] }] }],
    ['fewer sequences than rows', { ...reply, changes: [{ ...page, seqs: [1] }] }],
    ['a sequence of zero', { ...reply, changes: [{ ...page, seqs: [0, 1] }] }],
    ['a sequence that is no number', { ...reply, changes: [{ ...page, seqs: ['1', 2] }] }],
    ['a deletion beyond the rows', { ...reply, changes: [{ ...page, deleted: [2] }] }],
    ['a deletion that is no number', { ...reply, changes: [{ ...page, deleted: ['a'] }] }],
    ['a column without a name', { ...reply, changes: [{ ...page, columns: ['key', 5] }] }],
    ['fewer columns of values than names', { ...reply, changes: [{ ...page, values: [['x', 'y']] }] }],
    ['a column that is no list', { ...reply, changes: [{ ...page, values: ['ab', ['1', '2']] }] }],
    ['a column shorter than the rows', { ...reply, changes: [{ ...page, values: [['x'], ['1', '2']] }] }],
    [
      'a value that no column holds',
      {
        ...reply,
        changes: [
          {
            ...page,
            values: [
              [true, 'x'],
              ['1', '2'],
            ],
          },
        ],
      },
    ],
  ])('is refused whole when it has %s', (_, body) => {
    expect(parseSyncReply(body)).toMatchObject({ ok: false, error: { code: 'bad_reply' } });
  });

  it('never throws, whatever arrives', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => void parseSyncReply(body)));
    const broken = fc.record({
      results: fc.jsonValue(),
      changes: fc.array(fc.jsonValue()),
      cursor: fc.nat(),
      more: fc.boolean(),
    });
    fc.assert(fc.property(broken, (body) => !parseSyncReply({ ...reply, ...body }).ok || Array.isArray(body.results)));
  });
});

describe('an error reply', () => {
  it.each(Object.keys(errors).filter((code) => errors[code as keyof typeof errors].status !== null))(
    'with %s means that',
    (code) => {
      const status = errors[code as keyof typeof errors].status!;
      expect(parseErrorReply(status, { error: { code, message: '' } })).toEqual({ code });
    },
  );

  it('carries the clock of the server', () => {
    expect(parseErrorReply(409, { error: { code: 'clock_ahead', serverTime: 5 } })).toEqual({
      code: 'clock_ahead',
      serverTime: 5,
    });
  });

  it('carries the sequence that a restored server still shares', () => {
    const error = { code: 'history_lost', sequence: 7 };
    expect(parseErrorReply(409, { error })).toEqual(error);
    expect(parseErrorReply(409, { error: { ...error, sequence: -1 } })).toEqual({ code: 'history_lost' });
  });

  it.each<[number, unknown, string]>([
    [401, null, 'signed_out'],
    [413, '<html>', 'too_large'],
    [429, 'slow down', 'too_many_requests'],
    [502, '<html>', 'unavailable'],
    [500, { error: 'x' }, 'unavailable'],
    [404, [], 'bad_reply'],
    [409, { error: { code: 'no_such_code' } }, 'bad_reply'],
    [400, { error: { code: 'signed_out' } }, 'bad_reply'],
    [418, { error: { code: 5 } }, 'bad_reply'],
  ])('of status %i with the body %o is judged by its status', (status, body, code) => {
    expect(parseErrorReply(status, body).code).toBe(code);
  });
});

describe('a session reply', () => {
  it('has a user with id and name', () => {
    const session = { user: { id: 'u', name: 'Ana' } };
    expect(parseSessionReply(session)).toEqual({ ok: true, value: session });
    for (const body of [null, {}, { user: null }, { user: { id: 5, name: 'x' } }, { user: { id: 'u' } }]) {
      expect(parseSessionReply(body)).toMatchObject({ ok: false, error: { code: 'bad_reply' } });
    }
  });
});

describe('an error code', () => {
  it('is one of the table', () => {
    expect(isErrorCode('offline')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
    expect(isErrorCode(5)).toBe(false);
  });
});

describe('what is wrong with a reply', () => {
  it.each<[string, unknown]>([
    ['not an object', 'ok'],
    ['cursor, head, clock or serverTime', { ...reply, clock: -1 }],
    ['more', { ...reply, more: 1 }],
    ['results', { ...reply, results: [{ status: 'applied', seq: 1 }, null] }],
    ['changes', { ...reply, changes: [page, null] }],
    ['changes', { ...reply, changes: [{ ...page, deleted: [0, 2] }] }],
    ['changes', { ...reply, changes: [{ ...page, columns: 'ab' }] }],
    ['changes', { ...reply, changes: [{ ...page, values: { length: 2 } }] }],
  ])('is said for an engineer: %s', (detail, body) => {
    expect(parseSyncReply(body)).toEqual({ ok: false, error: { code: 'bad_reply', detail } });
  });

  it('is said of a session, and by the status where the body says nothing', () => {
    expect(parseSessionReply({})).toEqual({ ok: false, error: { code: 'bad_reply', detail: 'not a session' } });
    expect(parseErrorReply(502, '<html>')).toEqual({ code: 'unavailable', detail: 'status 502' });
    expect(parseErrorReply(418, null)).toEqual({ code: 'bad_reply', detail: 'status 418' });
  });
});

describe('every form that a reply can take', () => {
  it.each(['applied', 'merged', 'duplicate', 'resend', 'rejected'])('has results that are %s', (status) => {
    expect(parseSyncReply({ ...reply, results: [{ status, seq: 1 }] }).ok).toBe(true);
  });

  it('has values that are texts, numbers and nothing', () => {
    const values = [
      ['a', 1.5],
      [null, -1],
    ];
    expect(parseSyncReply({ ...reply, changes: [{ ...page, values }] }).ok).toBe(true);
  });
});

describe('a list of devices', () => {
  const device = { id: 'd', name: 'Phone', firstSeen: 1, lastSeen: 2 };

  it('is taken when every device has its id, name and times', () => {
    const whole = { ...device, session: 's' };
    expect(parseDevicesReply({ devices: [whole] })).toEqual({ ok: true, value: { devices: [whole] } });
    expect(parseDevicesReply({ devices: [] }).ok).toBe(true);
  });

  it('has no session where none is signed in, and where the server is too old to say', () => {
    const none = { ok: true, value: { devices: [{ ...device, session: null }] } };
    expect(parseDevicesReply({ devices: [{ ...device, session: null }] })).toEqual(none);
    expect(parseDevicesReply({ devices: [device] })).toEqual(none);
  });

  it.each([
    ['nothing', null],
    ['no list', {}],
    ['what is not a device', { devices: [null] }],
    ['an id that is no text', { devices: [{ ...device, id: 1 }] }],
    ['a name that is no text', { devices: [{ ...device, name: null }] }],
    ['a time that is none', { devices: [{ ...device, firstSeen: -1 }] }],
    ['another time that is none', { devices: [{ ...device, lastSeen: 'now' }] }],
    ['a session that is no text', { devices: [{ ...device, session: 7 }] }],
  ])('is refused with %s', (_, body) => {
    expect(parseDevicesReply(body)).toEqual({
      ok: false,
      error: { code: 'bad_reply', detail: 'not a list of devices' },
    });
  });
});
