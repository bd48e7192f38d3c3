/** The account's devices, and what is said when something befell this one. */
import { describe, expect, it } from 'vitest';
import type { DeviceEntry, SessionItem } from '../../../src/client/sync-api.ts';
import {
  accountDevices,
  deviceWords,
  removeQuestion,
  signOutQuestion,
  type AccountDevice,
} from '../../../src/ui/state/account-devices.ts';
import { noticeWords } from '../../../src/ui/state/notice-words.ts';
import { ServerList } from '../../../src/ui/state/server-list.svelte.ts';
import { FakeAccount } from '../../support/fake-sync.ts';

const hour = 3_600_000;
const phone = { id: 'p', name: 'Firefox on Android', firstSeen: 0, lastSeen: 0, session: 's-p' };
const laptop = { id: 'l', name: '', firstSeen: 0, lastSeen: 2 * hour, session: 's-l' };
const signedIn = (id: string, parts: Partial<SessionItem> = {}): SessionItem => {
  return { id, deviceName: `browser of ${id}`, createdAt: 0, usedAt: 0, current: false, ...parts };
};
const ofPhone = signedIn('s-p', { current: true });
const ofLaptop = signedIn('s-l', { usedAt: hour });

describe('the devices of an account', () => {
  const listed = (devices: readonly DeviceEntry[], sessions: readonly SessionItem[]) =>
    accountDevices({ devices, sessions, own: 'p' });

  it('are one list: what syncs with where it is signed in, this one first and with nothing to do', () => {
    expect(listed([laptop, phone], [ofLaptop, ofPhone])).toEqual([
      { key: 'p', name: phone.name, seenAt: 0, here: true, signedIn: true, device: null, session: null },
      {
        ...{ key: 'l', name: 'browser of s-l', seenAt: 2 * hour, here: false, signedIn: true },
        ...{ device: 'l', session: 's-l' },
      },
    ]);
  });

  it('have those that are signed in and never synced, this one too, and those that were signed out', () => {
    const away = { ...laptop, session: null };
    const unsynced = signedIn('s-u', { usedAt: 3 * hour });
    expect(listed([away], [unsynced, ofPhone])).toMatchObject([
      { key: 's-p', here: true, signedIn: true, device: null, session: null },
      { key: 's-u', here: false, signedIn: true, device: null, session: 's-u', seenAt: 3 * hour },
      { key: 'l', here: false, signedIn: false, device: 'l', session: null },
    ]);
  });

  it('show a session that began anew on this device once, before the device synced in it', () => {
    expect(listed([{ ...phone, session: null }], [ofPhone])).toMatchObject([{ key: 'p', signedIn: true }]);
  });

  it('offer no way to end the own session as that of what this device was before', () => {
    const before = { ...laptop, id: 'before', session: 's-p' };
    expect(listed([phone, before], [ofPhone])).toMatchObject([
      { key: 'p', here: true },
      { key: 'before', here: false, signedIn: true, device: 'before', session: null },
    ]);
    expect(listed([before], [ofPhone])).toMatchObject([
      { key: 's-p', here: true },
      { key: 'before', session: null },
    ]);
  });

  it('are the last seen first, a session’s use counted', () => {
    const used = signedIn('s-l', { usedAt: 9 * hour });
    const tablet = { ...laptop, id: 't', lastSeen: 5 * hour, session: null };
    const order = listed([tablet, laptop], [used]).map(({ key, seenAt }) => [key, seenAt]);
    expect(order).toEqual([
      ['l', 9 * hour],
      ['t', 5 * hour],
    ]);
  });
});

describe('a device in the list', () => {
  const words = (parts: Partial<AccountDevice>) => {
    const entry = { key: 'l', name: '', seenAt: 2 * hour, here: false, signedIn: true, device: 'l', session: 's' };
    return deviceWords({ ...entry, ...parts }, 3 * hour);
  };

  it('has its name, when it was here, and which one this is', () => {
    expect(words({ here: true, name: 'Firefox on Android' })).toEqual({
      name: 'Firefox on Android',
      inSentence: 'Firefox on Android',
      seen: 'This device',
    });
    expect(words({})).toEqual({ name: 'A browser', inSentence: 'a browser', seen: 'Last here 1 hr. ago' });
    expect(words({ signedIn: false }).seen).toBe('Last here 1 hr. ago, signed out');
    expect(words({ device: null }).seen).toBe('Last here 1 hr. ago, not synced yet');
  });

  it('is asked about by its name, and said to be signed out only where it is signed in', () => {
    expect(signOutQuestion('Firefox on Android').words).toContain('Firefox on Android');
    expect(removeQuestion('a browser', true).words).toBe(
      'A browser will be signed out and taken off this list. Your account keeps everything.',
    );
    expect(removeQuestion('a browser', false).words).toMatch(/^A browser will be taken off this list\./);
  });

  it('is gone from it once it was removed, and stays with a word of why when it could not be', async () => {
    const account = new FakeAccount();
    account.registered = [phone, laptop];
    const list = new ServerList(() => account.devices());
    await list.load();
    account.failure = { code: 'offline' };
    expect(await list.change(() => account.retireDevice('l'))).toBe(false);
    expect(list).toMatchObject({ items: [phone, laptop], failure: { code: 'offline' } });
    account.failure = null;
    expect(await list.change(() => account.retireDevice('l'))).toBe(true);
    expect(list).toMatchObject({ items: [phone], failure: null });
  });
});

describe('what befell the device', () => {
  it.each(['away', 'retired', 'restored', 'copied'] as const)('is said with what became of the words: %s', (notice) => {
    const { title, words } = noticeWords(notice)!;
    expect(title).toMatch(/^[A-Z]/);
    expect(words).toMatch(/kept|sent again|Nothing is lost/);
  });

  it('is not said where only a newer version has words for it', () => {
    expect(noticeWords('toString' as 'away')).toBeNull();
  });
});
