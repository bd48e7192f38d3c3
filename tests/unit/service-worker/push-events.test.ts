/** Web Push in the service worker: what a wake does, and what a tap on a notification opens. The browser is a fake. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/protocol/errors.ts';
import { createNews, type NewsDesk } from '../../../src/service-worker/news.ts';
import { listenForPush } from '../../../src/service-worker/push-events.ts';

interface FakePage {
  readonly visibilityState: 'visible' | 'hidden';
  readonly asked: unknown[];
  focused: boolean;
  postMessage(message: unknown): void;
  focus(): Promise<void>;
}

function page(visibilityState: FakePage['visibilityState']): FakePage {
  const asked: unknown[] = [];
  const fake: FakePage = {
    ...{ visibilityState, asked, focused: false },
    postMessage: (message) => void asked.push(message),
    async focus() {
      fake.focused = true;
    },
  };
  return fake;
}

let pages: FakePage[];
let shown: { readonly title: string; readonly data: unknown }[];
let opened: string[];
let tags: string[];
let kept: number;
let permission: NotificationPermission;
let due: number | null;
let news: NewsDesk;
let brought: number;
let failure: Failure | null;
let fire: (name: string, event: object) => Promise<void>;
beforeEach(() => {
  [pages, shown, opened, tags] = [[], [], [], []];
  [kept, brought, permission, due, failure] = [0, 0, 'granted', null, null];
  news = createNews({ now: () => 0 });
  const listeners = new Map<string, (event: object) => void>();
  const scope = {
    addEventListener: (name: string, listener: (event: object) => void) => void listeners.set(name, listener),
    clients: { matchAll: async () => pages, openWindow: async (path: string) => void opened.push(path) },
    registration: {
      showNotification: async (title: string, { data }: { data: unknown }) => void shown.push({ title, data }),
      sync: { register: async (tag: string) => void tags.push(tag) },
    },
  };
  listenForPush({
    scope: scope as never,
    host: {
      async sync() {
        const ids = Array.from({ length: brought }, (_, at) => `s${at}`);
        const page = { table: 'setting', ids, seqs: ids.map((_, at) => at + 1), deleted: [], columns: [], values: [] };
        news.note({ changes: [page] });
        return failure;
      },
    },
    news,
    push: { keep: async () => void (kept += 1) },
    permission: () => permission,
    countDue: async () => due,
  });
  fire = async (name, event) => {
    const waiting: Promise<unknown>[] = [];
    listeners.get(name)!({ ...event, waitUntil: (work: Promise<unknown>) => void waiting.push(work) });
    await Promise.all(waiting);
  };
});

const push = (data: unknown) => fire('push', { data: data === null ? null : { json: () => data } });
const titles = () => shown.map(({ title }) => title);

describe('a wake', () => {
  it('syncs, and tells what came, and nothing of what came before it', async () => {
    brought = 2;
    news.note({ changes: [{ table: 'setting', ids: ['x'], seqs: [1], deleted: [], columns: [], values: [] }] });
    await push({ kind: 'news' });
    expect(shown).toEqual([{ title: 'Up to date', data: { path: '/' } }]);
  });

  it('for due cards tells how many are due here', async () => {
    due = 12;
    await push({ kind: 'due' });
    await push({ kind: 'news' });
    expect(titles()).toEqual(['12 cards are due']);
  });

  it('tells nothing while the person looks at the app, and tells it while the app is in the background', async () => {
    brought = 1;
    pages = [page('hidden'), page('visible')];
    await push({ kind: 'news' });
    expect(shown).toEqual([]);
    pages = [page('hidden')];
    await push({ kind: 'news' });
    expect(titles()).toEqual(['Up to date']);
  });

  it('without leave to notify syncs all the same', async () => {
    [brought, permission] = [1, 'denied'];
    await push({ kind: 'news' });
    expect(shown).toEqual([]);
    expect(news.take().rows).toBe(0);
  });

  it('that found no connection asks the browser to wake it when there is one, and tells nothing', async () => {
    failure = { code: 'offline' };
    await push({ kind: 'news' });
    expect(tags).toEqual(['outbox']);
    expect(shown).toEqual([]);
  });

  it.each([
    ['no content', null],
    ['another kind', { kind: 'later' }],
    ['no object', 7],
  ])('with %s is one for news', async (_what, data) => {
    [brought, due] = [1, 12];
    await push(data);
    expect(titles()).toEqual(['Up to date']);
  });

  it('with content that is no JSON is one for news', async () => {
    brought = 1;
    const json = () => {
      throw new SyntaxError('not JSON');
    };
    await fire('push', { data: { json } });
    expect(titles()).toEqual(['Up to date']);
  });
});

describe('a tap on a notification', () => {
  const tap = async (): Promise<boolean> => {
    let closed = false;
    await fire('notificationclick', { notification: { data: { path: '/review' }, close: () => void (closed = true) } });
    return closed;
  };

  it('opens the app there, and the notification goes', async () => {
    expect(await tap()).toBe(true);
    expect(opened).toEqual(['/review']);
  });

  it('shows the page that is open, which goes there itself', async () => {
    pages = [page('hidden')];
    await tap();
    expect(opened).toEqual([]);
    expect(pages[0]).toMatchObject({ focused: true, asked: [{ type: 'open-path', path: '/review' }] });
  });
});

it('a browser that its push service has moved is made known again', async () => {
  await fire('pushsubscriptionchange', {});
  expect(kept).toBe(1);
});
