import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';
import { FakeSync } from '../../support/fake-sync.ts';
import { whenClosed } from '../../../src/ui/state/closed-words.ts';
import { LiveRows } from '../../../src/ui/state/live-rows.svelte.ts';
import { Profile, settingsFrom } from '../../../src/ui/state/profile.svelte.ts';
import { StarterDeck } from '../../../src/ui/state/starter-deck.svelte.ts';
import { DeckImport } from '../../../src/ui/state/decks.svelte.ts';
import { TodaySummary } from '../../../src/ui/state/summary.svelte.ts';
import { SyncState } from '../../../src/ui/state/sync-state.svelte.ts';
import { Toasts } from '../../../src/ui/state/toasts.svelte.ts';
import { allLanguages, likelyNative, likelyTarget } from '../../../src/ui/state/languages.ts';
import { deviceName } from '../../../src/ui/device-name.ts';

const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('live rows', () => {
  it('are unknown until the database answered, then follow it', async () => {
    const database = new FakeLocalDatabase();
    const rows = new LiveRows(database, 'words.count');
    rows.open({ search: '' });
    expect(rows.rows).toBeNull();
    await settle();
    expect(rows.first?.total).toBe(0);
    await database.mutate('words.add', { language: 'es', words: [{ word: 'sol', translation: 'sun' }], at: 1 });
    await settle();
    expect(rows.first?.total).toBe(1);
  });

  it('hear nothing after they were closed', async () => {
    const database = new FakeLocalDatabase();
    const rows = new LiveRows(database, 'words.count');
    rows.open({ search: '' });
    await settle();
    rows.close();
    await database.mutate('words.add', { language: 'es', words: [{ word: 'sol', translation: 'sun' }], at: 1 });
    await settle();
    expect(rows.first?.total).toBe(0);
  });
});

describe('settings', () => {
  it('are the usual ones where nothing sensible is stored', () => {
    const usual = { dailyGoal: 20, newCardsPerDay: 20, syncInterval: 15, appearance: 'system', deckDeclined: false };
    expect(settingsFrom([])).toEqual(usual);
    const odd = [
      { key: 'daily_goal', value: '-3' },
      { key: 'new_cards_per_day', value: '1001' },
      { key: 'sync_interval_minutes', value: '0' },
      { key: 'appearance', value: '"sepia"' },
      { key: 'starter_deck_declined', value: '{broken' },
      { key: 'of_a_later_version', value: '1' },
    ];
    expect(settingsFrom(odd)).toEqual(usual);
  });

  it('come back as they were stored', async () => {
    const database = new FakeLocalDatabase();
    const profile = new Profile(database);
    profile.open();
    await profile.put('dailyGoal', 35);
    await profile.put('newCardsPerDay', 0);
    await profile.put('syncInterval', 60);
    await profile.put('appearance', 'dark');
    await settle();
    expect(profile.settings).toMatchObject({ dailyGoal: 35, newCardsPerDay: 0, syncInterval: 60, appearance: 'dark' });
    expect(database.settings.get('sync_interval_minutes')?.value).toBe('60');
    profile.close();
    expect(database.liveCount).toBe(0);
  });
});

describe('the figures of today', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('ask again every minute, for cards become due with time alone', async () => {
    const database = new FakeLocalDatabase();
    await database.mutate('words.add', { language: 'es', words: [{ word: 'sol', translation: 'sun' }], at: 90_000 });
    let now = 60_000;
    const summary = new TodaySummary(database, () => now);
    summary.open();
    await settle();
    expect(summary.current?.due).toBe(0);
    now = 120_000;
    vi.advanceTimersByTime(60_000);
    await settle();
    expect(summary.current?.due).toBe(1);
    summary.close();
    expect(database.liveCount).toBe(0);
  });

  it('count a word that was just added as due, without waiting for the next minute', async () => {
    const database = new FakeLocalDatabase();
    let now = 1_000;
    const summary = new TodaySummary(database, () => now);
    summary.open();
    await settle();
    now = 2_000;
    await database.mutate('words.add', { language: 'es', words: [{ word: 'sol', translation: 'sun' }], at: now });
    await settle();
    expect(summary.current).toMatchObject({ words: 1, due: 1 });
    summary.close();
  });
});

describe('the state of sync', () => {
  it('joins what is stored and what the service worker does', async () => {
    const database = new FakeLocalDatabase();
    const control = new FakeSync();
    const state = new SyncState(database, control);
    expect(state.chip.kind).toBe('opening');
    database.status = { ...database.status, user_id: 'u', last_sync_at: 1, waiting: 2 };
    state.open();
    await settle();
    expect(state.chip.label).toBe('2 waiting');
    control.activity = { running: true, failure: null, online: true, saving: null };
    expect(state.chip.kind).toBe('syncing');
    state.request();
    expect(control.requests).toEqual(['person']);
    state.close();
    control.activity = { running: false, failure: null, online: true, saving: null };
    expect(state.chip.kind).toBe('syncing');
  });
});

describe('toasts', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('go by themselves, later when there is something to do', () => {
    const toasts = new Toasts();
    toasts.show({ words: 'Saved.' });
    vi.advanceTimersByTime(5_000);
    expect(toasts.current).toBeNull();
    toasts.show({ words: 'Deleted.', action: { label: 'Undo', run: () => undefined } });
    vi.advanceTimersByTime(9_000);
    expect(toasts.current?.words).toBe('Deleted.');
    vi.advanceTimersByTime(1_000);
    expect(toasts.current).toBeNull();
  });

  it('stay while they are held', () => {
    const toasts = new Toasts();
    toasts.show({ words: 'Saved.' });
    toasts.hold();
    vi.advanceTimersByTime(60_000);
    expect(toasts.current).not.toBeNull();
    toasts.resume();
    vi.advanceTimersByTime(5_000);
    expect(toasts.current).toBeNull();
  });

  it('show the newest, for its own full time', () => {
    const toasts = new Toasts();
    toasts.show({ words: 'first' });
    vi.advanceTimersByTime(4_000);
    toasts.show({ words: 'second' });
    vi.advanceTimersByTime(4_000);
    expect(toasts.current?.words).toBe('second');
  });
});

describe('the offer of the starter deck', () => {
  it('is made to who learns Spanish from English, until it is added or declined', async () => {
    const database = new FakeLocalDatabase();
    const ports = deckPorts(database);
    const deck = new StarterDeck(ports);
    await settle();
    expect(deck.offered).toBe(false);
    await database.mutate('profile.save', { displayName: '', nativeLanguage: 'en', targetLanguage: 'es', at: 1 });
    await settle();
    expect(deck.offered).toBe(true);
    await deck.add();
    await settle();
    expect(deck.offered).toBe(false);
    expect(ports.toasts.current?.words).toContain('264');
    ports.toasts.dismiss();
  });

  it('is not made again once declined', async () => {
    const database = new FakeLocalDatabase();
    const deck = new StarterDeck(deckPorts(database));
    await database.mutate('profile.save', { displayName: '', nativeLanguage: 'en', targetLanguage: 'es', at: 1 });
    await deck.decline();
    await settle();
    expect(deck.offered).toBe(false);
  });

  it('is not made for other languages', async () => {
    const database = new FakeLocalDatabase();
    const deck = new StarterDeck(deckPorts(database));
    await database.mutate('profile.save', { displayName: '', nativeLanguage: 'de', targetLanguage: 'es', at: 1 });
    await settle();
    expect(deck.offered).toBe(false);
  });
});

describe('what happens with the app closed', () => {
  const all = {
    serviceWorker: true,
    opfs: true,
    writableInServiceWorker: true,
    backgroundSync: true,
    periodicSync: true,
    push: true,
  };

  it('is promised only where the browser has everything it takes', () => {
    expect(whenClosed(all).every(({ holds }) => holds)).toBe(true);
    for (const missing of ['opfs', 'writableInServiceWorker', 'backgroundSync', 'serviceWorker'] as const) {
      const points = whenClosed({ ...all, [missing]: false });
      expect(points[2], missing).toMatchObject({ holds: false });
      expect(points[2]?.words).toContain('not while it is closed');
    }
  });
});

describe('languages', () => {
  it('have names and are sorted by them', () => {
    const languages = allLanguages();
    expect(languages.length).toBeGreaterThanOrEqual(25);
    expect(languages.find(({ tag }) => tag === 'es')).toEqual({ tag: 'es', name: 'Spanish', ownName: 'Español' });
    expect(languages.every(({ tag, name }) => name !== tag)).toBe(true);
  });

  it('are guessed from the browser', () => {
    expect(likelyNative(['gsw-CH', 'de-CH'])).toBe('de');
    expect(likelyNative(['xx'])).toBe('en');
    expect(likelyTarget('es')).toBe('en');
    expect(likelyTarget('de')).toBe('es');
  });
});

describe('the name of a device', () => {
  it.each([
    ['Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36', 'Chrome on Android'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile Safari/604.1', 'Safari on iPhone'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox on Linux'],
    ['something new', 'Browser'],
  ])('of %s is %s', (userAgent, name) => {
    expect(deviceName({ userAgent })).toBe(name);
  });
});

function deckPorts(database: FakeLocalDatabase) {
  const profile = new Profile(database);
  const summary = new TodaySummary(database, () => 1_000);
  profile.open();
  summary.open();
  const toasts = new Toasts();
  return { profile, summary, toasts, deckImport: new DeckImport({ database, now: () => 1_000 }) };
}
