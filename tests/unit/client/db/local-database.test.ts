import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PageDatabase } from '../../../../src/client/db/local-database.ts';
import { ownVersions } from '../../../../src/client/db/rpc.ts';
import { FakeBrowser, type FakePage } from '../../../support/fake-browser.ts';

/** As long as a busy machine needs. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

let browser: FakeBrowser;
beforeEach(async () => {
  browser = await FakeBrowser.start();
});
afterEach(() => browser.close());

const state = async (page: FakePage, kind: string, role?: string) =>
  until(() => expect(page.database.state).toMatchObject(role ? { kind, role } : { kind }));
const leading = (page: FakePage) => state(page, 'ready', 'leader');
const following = (page: FakePage) => state(page, 'ready', 'follower');
const put = (database: PageDatabase, key: string) => database.mutate('settings.put', { key, value: '1' });
const keys = async (database: PageDatabase) => {
  const rows = await database.query('settings.all', {});
  return rows.ok ? rows.value.map((row) => row.key) : rows.error;
};
const twoTabs = async (): Promise<[FakePage, FakePage]> => {
  const first = browser.openPage();
  await leading(first);
  const second = browser.openPage();
  await following(second);
  return [first, second];
};
const watch = (database: PageDatabase) => {
  const seen: string[][] = [];
  const stop = database.live('settings.all', {}, (rows) => seen.push(rows.map((row) => row.key)));
  return { seen, stop };
};

describe('one page', () => {
  it('leads, and answers what was asked before it did', async () => {
    const { database } = browser.openPage();
    expect(database.state).toEqual({ kind: 'opening' });
    expect(await put(database, 'a')).toEqual({ ok: true, value: null });
    expect(await keys(database)).toEqual(['a']);
    expect(database.state).toEqual({ kind: 'ready', role: 'leader', storage: 'opfs' });
  });

  it('has what was asked while it opened before it hears that it leads, each answered once', async () => {
    const heard: string[] = [];
    browser.onDelivery = (_, message) => {
      if (message.kind !== 'started') heard.push(message.kind === 'response' ? `response ${message.id}` : message.kind);
    };
    const page = browser.openPage();
    const { seen } = watch(page.database);
    const stopped = watch(page.database);
    stopped.stop();
    await leading(page);
    await keys(page.database);
    expect(heard).toEqual(['opening', 'response 1', 'leading', 'response 3']);
    expect([seen, stopped.seen]).toEqual([[[]], []]);
  });

  it('hidden while it opens, gets its answers when it is shown again', async () => {
    const page = browser.openPage();
    const { environment, database } = page;
    let openings = 0;
    browser.onDelivery = (_, message) => {
      if (message.kind !== 'opening') return;
      openings += 1;
      if (openings === 1) environment.become('gone');
    };
    const { seen } = watch(database);
    const stored = put(database, 'a');
    await state(page, 'suspended');
    environment.become('shown');
    expect(await stored).toEqual({ ok: true, value: null });
    await until(() => expect(seen.at(-1)).toEqual(['a']));
    expect(openings).toBe(2);
  });

  it('keeps live queries up to date until they are stopped', async () => {
    const { database } = browser.openPage();
    const { seen, stop } = watch(database);
    await put(database, 'a');
    await until(() => expect(seen.at(-1)).toEqual(['a']));
    stop();
    const before = seen.length;
    await put(database, 'b');
    await keys(database);
    expect(seen).toHaveLength(before);
  });

  it('passes what is wrong with a change on', async () => {
    const { database } = browser.openPage();
    expect(await database.mutate('settings.put', { key: '', value: '' })).toMatchObject({
      ok: false,
      error: { code: 'invalid' },
    });
  });

  it('tells that a change waits to be synced, and asks once to keep the data', async () => {
    const { database, environment } = browser.openPage();
    let changes = 0;
    const stop = database.onLocalChange(() => (changes += 1));
    await put(database, 'a');
    await put(database, 'b');
    expect([changes, environment.persistAsked]).toEqual([2, 1]);
    stop();
    await put(database, 'c');
    expect(changes).toBe(2);
  });

  it('tells every change of its state', async () => {
    const page = browser.openPage({ visible: false });
    const kinds: string[] = [];
    const stop = page.database.onState(({ kind }) => kinds.push(kind));
    page.environment.become('shown');
    await leading(page);
    stop();
    page.environment.become('gone');
    expect(kinds).toEqual(['opening', 'ready']);
  });

  it('fails everything when the storage cannot be had, and tries again when it is shown anew', async () => {
    browser.openFailure = { code: 'storage_failed', detail: 'no OPFS' };
    const page = browser.openPage();
    const failures: string[] = [];
    const rows: number[] = [];
    page.database.live(
      'settings.all',
      {},
      (answer) => rows.push(answer.length),
      ({ detail }) => failures.push(detail),
    );
    expect(await put(page.database, 'a')).toEqual({ ok: false, error: browser.openFailure });
    expect(page.database.state).toEqual({ kind: 'failed', failure: browser.openFailure });
    expect(failures).toEqual(['no OPFS']);
    expect(await keys(page.database)).toEqual(browser.openFailure);
    browser.openFailure = null;
    page.environment.become('hidden');
    page.environment.passTime();
    page.environment.become('shown');
    await leading(page);
    expect(await put(page.database, 'b')).toMatchObject({ ok: true });
    await until(() => expect(rows.at(-1)).toBe(1));
  });

  it('fails when the worker’s script does not load', async () => {
    const page = browser.openPage();
    page.environment.workers[0]!.failToLoad();
    await state(page, 'failed');
    expect(await keys(page.database)).toMatchObject({ code: 'storage_failed', detail: 'not found' });
  });
});

describe('a page that is hidden', () => {
  it('gives the database up after a while, and has it again when it is shown', async () => {
    const page = browser.openPage();
    const { seen } = watch(page.database);
    await put(page.database, 'a');
    page.environment.become('hidden');
    expect(page.database.state.kind).toBe('ready');
    page.environment.passTime();
    await state(page, 'suspended');
    expect(browser.leaders).toBe(0);
    const waiting = put(page.database, 'b');
    page.environment.become('shown');
    expect(await waiting).toMatchObject({ ok: true });
    await until(() => expect(seen.at(-1)).toEqual(['a', 'b']));
  });

  it('and shown again while it closes, comes back', async () => {
    const page = browser.openPage();
    await leading(page);
    page.environment.become('hidden');
    page.environment.passTime();
    page.environment.become('shown');
    await until(() => expect(page.environment.workers).toHaveLength(2));
    await leading(page);
    expect(browser.leaders).toBe(1);
  });

  it('and frozen, lets go at once', async () => {
    const page = browser.openPage();
    await leading(page);
    page.environment.become('gone');
    expect(browser.leaders).toBe(0);
    expect(page.database.state.kind).toBe('suspended');
    page.environment.become('shown');
    await leading(page);
  });

  it('lets a visible tab lead', async () => {
    const [first, second] = await twoTabs();
    first.environment.become('hidden');
    first.environment.passTime();
    await leading(second);
    expect(await put(second.database, 'a')).toMatchObject({ ok: true });
    first.environment.become('shown');
    await following(first);
    expect(await keys(first.database)).toEqual(['a']);
  });

  it('opened in the background, waits', () => {
    const page = browser.openPage({ visible: false });
    expect(page.database.state).toEqual({ kind: 'suspended' });
    expect(browser.workers).toEqual([]);
  });
});

describe('two tabs', () => {
  it('see each other’s changes, whoever leads', async () => {
    const [first, second] = await twoTabs();
    const a = watch(first.database);
    const b = watch(second.database);
    await put(second.database, 'from the second');
    await until(() => expect([a.seen.at(-1), b.seen.at(-1)]).toEqual([['from the second'], ['from the second']]));
    await put(first.database, 'first too');
    await until(() => expect(b.seen.at(-1)).toEqual(['first too', 'from the second']));
  });

  it('have one that asks for a sync: the leader', async () => {
    const [first, second] = await twoTabs();
    const told: string[] = [];
    first.database.onLocalChange(() => told.push('first'));
    second.database.onLocalChange(() => told.push('second'));
    await put(second.database, 'a');
    await until(() => expect(told).toEqual(['first']));
    expect(second.database.openStorePort()).toBeNull();
    const offer = first.database.openStorePort()!;
    offer.port.close();
    let freed = false;
    void first.environment.lockFreed(offer.life).then(() => {
      freed = true;
    });
    await put(second.database, 'b');
    expect(freed, 'its worker lives').toBe(false);
    first.environment.become('gone');
    await until(() => expect(freed).toBe(true));
  });

  it('lose no request when the leader is killed before it answered', async () => {
    const [first, second] = await twoTabs();
    const b = watch(second.database);
    await until(() => expect(b.seen).toHaveLength(1));
    const sent = Promise.all(['a', 'b', 'c'].map((key) => put(second.database, key)));
    first.environment.become('gone');
    expect(await sent).toEqual(['a', 'b', 'c'].map(() => ({ ok: true, value: null })));
    await until(() => expect(b.seen.at(-1)).toEqual(['a', 'b', 'c']));
    expect(second.database.state).toMatchObject({ role: 'leader' });
  });

  it('lose no request when the worker dies after the change, before the answer', async () => {
    const page = browser.openPage();
    await leading(page);
    let kills = 0;
    browser.onDelivery = (worker, message) => {
      if (message.kind !== 'response' || kills > 0) return;
      kills += 1;
      worker.terminate();
    };
    expect(await put(page.database, 'a')).toEqual({ ok: true, value: null });
    expect(kills).toBe(1);
    expect(await keys(page.database)).toEqual(['a']);
    expect(page.environment.workers).toHaveLength(2);
  });

  it('forget the subscriptions of one that went', async () => {
    const [first, second] = await twoTabs();
    const b = watch(second.database);
    await until(() => expect(b.seen).toHaveLength(1));
    second.environment.become('gone');
    await put(first.database, 'a');
    await keys(first.database);
    expect(b.seen).toHaveLength(1);
  });
});

describe('a worker that dies', () => {
  it('is replaced', async () => {
    const page = browser.openPage();
    await put(page.database, 'a');
    page.environment.workers[0]!.terminate();
    await until(() => expect(page.environment.workers).toHaveLength(2));
    expect(await keys(page.database)).toEqual(['a']);
  });

  it('again and again is given up', async () => {
    const page = browser.openPage();
    browser.onDelivery = (worker, message) => {
      if (message.kind === 'leading') worker.terminate();
    };
    await state(page, 'failed');
    expect(page.environment.workers).toHaveLength(4);
  });

  it('while it was to close, has closed', async () => {
    const page = browser.openPage();
    await leading(page);
    page.environment.become('hidden');
    page.environment.passTime();
    page.environment.workers[0]!.terminate();
    await state(page, 'suspended');
  });
});

describe('two versions', () => {
  const newer = { ...ownVersions, rpc: ownVersions.rpc + 1 };

  it('that meet: the old leader closes the database and its page is out of date', async () => {
    const old = browser.openPage();
    const oldFollower = browser.openPage();
    await leading(old);
    await following(oldFollower);
    const page = browser.openPage({ versions: newer });
    await leading(page);
    await state(old, 'outdated');
    await state(oldFollower, 'outdated');
    expect(await keys(old.database)).toMatchObject({ code: 'outdated' });
    old.environment.become('hidden');
    old.environment.become('shown');
    expect(old.database.state).toEqual({ kind: 'outdated' });
    expect(await put(page.database, 'a')).toMatchObject({ ok: true });
  });

  it('that meet the other way: an old page beside a new leader is out of date at once', async () => {
    const page = browser.openPage({ versions: newer });
    await leading(page);
    const old = browser.openPage();
    await state(old, 'outdated');
    expect(page.database.state).toMatchObject({ role: 'leader' });
  });

  it('fails as out of date when the file is of a newer version', async () => {
    browser.openFailure = { code: 'outdated', detail: 'newer' };
    const page = browser.openPage();
    await state(page, 'outdated');
    expect(await put(page.database, 'a')).toMatchObject({ ok: false, error: { code: 'outdated' } });
  });
});
