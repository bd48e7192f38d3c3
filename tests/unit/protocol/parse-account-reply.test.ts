import { describe, expect, it } from 'vitest';
import { parsePasskeysReply, parseSessionsReply } from '../../../src/protocol/parse-account-reply.ts';

const session = { id: 's', deviceName: '', createdAt: 1, usedAt: 2, current: true };
const passkey = { id: 'p', name: 'Phone', createdAt: 1, usedAt: null };

describe('a list from the server', () => {
  it('is taken when every line is whole', () => {
    expect(parseSessionsReply({ sessions: [session] })).toEqual({ ok: true, value: { sessions: [session] } });
    const passkeys = [passkey, { ...passkey, usedAt: 5 }];
    expect(parsePasskeysReply({ passkeys })).toEqual({ ok: true, value: { passkeys } });
  });

  it.each([
    [null],
    ['text'],
    [{}],
    [{ sessions: {}, passkeys: {} }],
    [{ sessions: [null], passkeys: [null] }],
    [{ sessions: [{ ...session, current: 1 }], passkeys: [{ ...passkey, usedAt: 'today' }] }],
    [{ sessions: [{ ...session, id: 7 }], passkeys: [{ ...passkey, name: null }] }],
  ])('is refused otherwise: %j', (body) => {
    expect(parseSessionsReply(body)).toMatchObject({ ok: false, error: { code: 'bad_reply' } });
    expect(parsePasskeysReply(body)).toMatchObject({ ok: false, error: { code: 'bad_reply' } });
  });
});
