import { describe, expect, it } from 'vitest';
import { parsePasskeysReply, parsePushReply, parseSessionsReply } from '../../../src/protocol/parse-account-reply.ts';

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
    [{ sessions: [session, {}], passkeys: [passkey, {}] }],
  ])('is refused otherwise: %j', (body) => {
    const off = (detail: string) => ({ ok: false, error: { code: 'bad_reply', detail } });
    expect(parseSessionsReply(body)).toEqual(off('not a list of sessions'));
    expect(parsePasskeysReply(body)).toEqual(off('not a list of passkeys'));
  });
});

describe('a reply about Web Push', () => {
  const reminder = { hour: 18, timeZone: 'Europe/Madrid' };

  it.each([
    [{ key: null, subscription: null }],
    [{ key: 'k', subscription: { endpoint: 'e', reminder: null } }],
    [{ key: 'k', subscription: { endpoint: 'e', reminder } }],
  ])('is taken: %j', (body) => {
    expect(parsePushReply(body)).toEqual({ ok: true, value: body });
  });

  it.each([
    [null],
    [{}],
    [{ key: 1, subscription: null }],
    [{ key: 'k' }],
    [{ key: 'k', subscription: 'e' }],
    [{ key: 'k', subscription: { endpoint: 1, reminder: null } }],
    [{ key: 'k', subscription: { endpoint: 'e', reminder: 'evening' } }],
    [{ key: 'k', subscription: { endpoint: 'e', reminder: { ...reminder, hour: '18' } } }],
    [{ key: 'k', subscription: { endpoint: 'e', reminder: { hour: 18 } } }],
  ])('is refused otherwise: %j', (body) => {
    expect(parsePushReply(body)).toMatchObject({
      ok: false,
      error: { code: 'bad_reply', detail: 'not about Web Push' },
    });
  });
});
