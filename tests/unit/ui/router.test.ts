import { describe, expect, it } from 'vitest';
import { Router, type RouterWindow } from '../../../src/ui/state/router.svelte.ts';
import { matchRoute, paths, sectionOf, type Route } from '../../../src/ui/state/routes.ts';

const id = '0190d5a0-0000-7000-8000-000000000001';
const addresses: readonly (readonly [string, Route])[] = [
  [paths.today, { name: 'today' }],
  [paths.words, { name: 'words' }],
  [paths.addWord, { name: 'word-add' }],
  [paths.word(id), { name: 'word', id }],
  [paths.review, { name: 'review' }],
  [paths.talk, { name: 'talk' }],
  [paths.conversation(id), { name: 'conversation', id }],
  [paths.read, { name: 'read' }],
  [paths.addText, { name: 'text-add' }],
  [paths.text(id), { name: 'text', id }],
  [paths.settings, { name: 'settings' }],
  [paths.disagreements, { name: 'disagreements' }],
  [paths.fixWord(id), { name: 'word-fix', id }],
  [paths.sync, { name: 'sync' }],
];

describe('addresses', () => {
  it.each(addresses)('%s leads to its screen', (path, route) => {
    expect(matchRoute(path)).toEqual(route);
    expect(matchRoute(`${path}/`)).toEqual(route);
  });

  it('keep an id with odd characters whole', () => {
    expect(matchRoute(paths.word('a/b ñ'))).toEqual({ name: 'word', id: 'a/b ñ' });
  });

  it.each(['/nope', '/words/a/b', '/review/1', '/words/%E0%A4%A', '//'])(
    '%s is no screen or Today, never a crash',
    (path) => {
      expect(['not-found', 'today']).toContain(matchRoute(path).name);
    },
  );

  it('belong to a section of the navigation', () => {
    expect(sectionOf(matchRoute(paths.addWord))).toBe('words');
    expect(sectionOf(matchRoute(paths.conversation(id)))).toBe('talk');
    expect(sectionOf(matchRoute(paths.sync))).toBe('settings');
    expect(sectionOf(matchRoute('/nope'))).toBeNull();
  });
});

describe('the router', () => {
  it('starts at the address of the page', () => {
    expect(new Router(new FakeWindow(paths.word(id))).route).toEqual({ name: 'word', id });
  });

  it('goes to a screen and leaves the one before in the history', () => {
    const window = new FakeWindow('/');
    const router = new Router(window);
    router.go(paths.words);
    expect(router.route.name).toBe('words');
    window.back();
    expect(router.route.name).toBe('today');
  });

  it('replaces a screen without leaving it in the history', () => {
    const window = new FakeWindow('/');
    const router = new Router(window);
    router.go(paths.addWord);
    router.replace(paths.words);
    window.back();
    expect(router.route.name).toBe('today');
  });

  it('goes back to where the page was scrolled to, and to the top of a new page', () => {
    const window = new FakeWindow('/words');
    const router = new Router(window);
    window.scrollY = 700;
    router.go(paths.word(id));
    expect(router.navigation).toEqual({ count: 1, scrollY: 0 });
    window.scrollY = 30;
    window.back();
    expect(router.navigation).toEqual({ count: 2, scrollY: 700 });
  });

  it('takes over plain clicks on links of ours alone', () => {
    const router = new Router(new FakeWindow('/'));
    const ours = clickOn({ pathname: '/words' });
    router.follow(ours.event);
    expect(ours.prevented()).toBe(true);
    expect(router.route.name).toBe('words');
    const others = [
      clickOn({ pathname: '/talk', origin: 'https://elsewhere.example' }),
      clickOn({ pathname: '/talk', target: '_blank' }),
      clickOn({ pathname: '/talk', download: true }),
      clickOn({ pathname: '/talk', href: '#main' }),
      clickOn({ pathname: '/talk' }, { ctrlKey: true }),
      clickOn({ pathname: '/talk' }, { button: 1 }),
      clickOn(null),
    ];
    for (const other of others) {
      router.follow(other.event);
      expect(other.prevented()).toBe(false);
    }
    expect(router.route.name).toBe('words');
  });

  it('lets go of the window when it is closed', () => {
    const window = new FakeWindow('/');
    const router = new Router(window);
    router.go(paths.talk);
    router.close();
    window.back();
    expect(router.route.name).toBe('talk');
  });
});

interface Link {
  readonly pathname: string;
  readonly origin?: string;
  readonly target?: string;
  readonly download?: boolean;
  readonly href?: string;
}

function clickOn(link: Link | null, keys: { readonly ctrlKey?: boolean; readonly button?: number } = {}) {
  let prevented = false;
  const anchor = link && {
    origin: 'http://lorikeet.test',
    target: '',
    ...link,
    hasAttribute: () => link.download === true,
    getAttribute: () => link.href ?? link.pathname,
  };
  const event = {
    button: 0,
    defaultPrevented: false,
    ...keys,
    target: { closest: () => anchor },
    preventDefault: () => {
      prevented = true;
    },
  } as unknown as MouseEvent;
  return { event, prevented: () => prevented };
}

class FakeWindow implements RouterWindow {
  readonly location: { pathname: string; origin: string };
  scrollY = 0;
  readonly #entries: { state: unknown; url: string }[];
  #index = 0;
  readonly #listeners = new Set<() => void>();

  constructor(path: string) {
    this.location = { pathname: path, origin: 'http://lorikeet.test' };
    this.#entries = [{ state: null, url: path }];
  }

  get history() {
    const current = () => this.#entries[this.#index];
    return {
      state: current()?.state,
      pushState: (state: unknown, _unused: string, url: string) => {
        this.#index += 1;
        this.#entries.splice(this.#index, Infinity, { state, url });
        this.location.pathname = url;
      },
      replaceState: (state: unknown, _unused: string, url: string) => {
        this.#entries[this.#index] = { state, url };
        this.location.pathname = url;
      },
    };
  }

  back(): void {
    this.#index -= 1;
    this.location.pathname = this.#entries[this.#index]?.url ?? '/';
    for (const listener of this.#listeners) listener();
  }

  addEventListener(_type: 'popstate', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'popstate', listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
