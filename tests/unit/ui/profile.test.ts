import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Profile } from '../../../src/ui/state/profile.svelte.ts';
import { rememberedProfile, rememberProfile } from '../../../src/ui/state/remembered-profile.ts';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';

const ada = { id: 'p', display_name: 'Ada', native_language: 'en', target_language: 'es', created_at: 1 };

describe('the profile', () => {
  it('is as it was remembered until the database has answered, and then as it is there', async () => {
    const profile = new Profile(new FakeLocalDatabase(), ada);
    profile.open();
    expect(profile.loaded).toBe(false);
    expect(profile.current).toEqual(ada);
    await vi.waitFor(() => expect(profile.loaded).toBe(true));
    expect(profile.current).toBeNull();
    profile.close();
  });
});

describe('remembering the profile', () => {
  const stored = new Map<string, string>();
  beforeEach(() => {
    stored.clear();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('lasts until the device has none any more', () => {
    expect(rememberedProfile()).toBeNull();
    rememberProfile(ada);
    expect(rememberedProfile()).toEqual(ada);
    rememberProfile(null);
    expect(stored.size).toBe(0);
    expect(rememberedProfile()).toBeNull();
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '7'],
    ['nothing', 'null'],
    ['a profile of another version', JSON.stringify({ ...ada, target_language: undefined })],
    ['another kind of value', JSON.stringify({ ...ada, created_at: '1' })],
  ])('takes %s for none', (_, text) => {
    rememberProfile(ada);
    stored.set([...stored.keys()][0]!, text);
    expect(rememberedProfile()).toBeNull();
  });

  it('is done without where the browser refuses', () => {
    vi.stubGlobal('localStorage', undefined);
    rememberProfile(ada);
    expect(rememberedProfile()).toBeNull();
  });
});
