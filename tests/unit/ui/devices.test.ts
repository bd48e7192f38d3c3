/** The account's devices, and what is said when something befell this one. */
import { describe, expect, it } from 'vitest';
import { deviceWords } from '../../../src/ui/state/device-words.ts';
import { noticeWords } from '../../../src/ui/state/notice-words.ts';
import { ServerList } from '../../../src/ui/state/server-list.svelte.ts';
import { FakeAccount } from '../../support/fake-sync.ts';

const hour = 3_600_000;
const phone = { id: 'p', name: 'Firefox on Android', firstSeen: 0, lastSeen: 0 };
const laptop = { id: 'l', name: '', firstSeen: 0, lastSeen: 2 * hour };

describe('a device in the list', () => {
  it('has its name, when it was here, and which one this is', () => {
    const at = { own: 'p', now: 3 * hour };
    expect(deviceWords(phone, at)).toEqual({
      name: 'Firefox on Android',
      inSentence: 'Firefox on Android',
      seen: 'This device',
    });
    expect(deviceWords(laptop, at)).toEqual({
      name: 'A browser',
      inSentence: 'a browser',
      seen: 'Last here 1 hr. ago',
    });
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
