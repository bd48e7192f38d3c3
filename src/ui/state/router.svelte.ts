/** History routing: the address bar is the truth, links are plain anchors, and going back finds the old place. */
import { matchRoute, type Route } from './routes.ts';

/** The part of `window` that the router uses. */
export interface RouterWindow {
  readonly location: { readonly pathname: string; readonly origin: string };
  readonly history: {
    readonly state: unknown;
    pushState(state: unknown, unused: string, url: string): void;
    replaceState(state: unknown, unused: string, url: string): void;
  };
  readonly scrollY: number;
  addEventListener(type: 'popstate', listener: () => void): void;
  removeEventListener(type: 'popstate', listener: () => void): void;
}

export interface Navigation {
  /** How often the person navigated; 0 is the first screen. */
  readonly count: number;
  /** Where the page was scrolled to when it was left; 0 for a page that is new. */
  readonly scrollY: number;
}

export class Router {
  #route = $state.raw<Route>({ name: 'today' });
  #navigation = $state.raw<Navigation>({ count: 0, scrollY: 0 });
  readonly #window: RouterWindow;
  readonly #scrollByEntry = new Map<number, number>();
  #entry: number;
  #newestEntry: number;

  constructor(window: RouterWindow) {
    this.#window = window;
    this.#entry = entryOf(window.history.state) ?? 0;
    this.#newestEntry = this.#entry;
    this.#route = matchRoute(window.location.pathname);
    window.history.replaceState({ entry: this.#entry }, '', window.location.pathname);
    window.addEventListener('popstate', this.#onPopState);
  }

  get route(): Route {
    return this.#route;
  }

  get navigation(): Navigation {
    return this.#navigation;
  }

  go(path: string): void {
    this.#leave();
    this.#newestEntry += 1;
    this.#entry = this.#newestEntry;
    this.#window.history.pushState({ entry: this.#entry }, '', path);
    this.#arrive(path, 0);
  }

  /** Goes to another screen without leaving the present one in the history. */
  replace(path: string): void {
    this.#window.history.replaceState({ entry: this.#entry }, '', path);
    this.#arrive(path, 0);
  }

  /** Takes over a click on a link of ours; others (new tab, other site, download) stay the browser's. */
  follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest('a');
    if (!link || !this.#isOurs(link)) return;
    event.preventDefault();
    this.go(link.pathname);
  }

  #isOurs(link: HTMLAnchorElement): boolean {
    const withinPage = link.getAttribute('href')?.startsWith('#') === true;
    const plain = link.target === '' && !link.hasAttribute('download');
    return plain && !withinPage && link.origin === this.#window.location.origin;
  }

  close(): void {
    this.#window.removeEventListener('popstate', this.#onPopState);
  }

  readonly #onPopState = (): void => {
    this.#leave();
    this.#entry = entryOf(this.#window.history.state) ?? 0;
    this.#arrive(this.#window.location.pathname, this.#scrollByEntry.get(this.#entry) ?? 0);
  };

  #leave(): void {
    this.#scrollByEntry.set(this.#entry, this.#window.scrollY);
  }

  #arrive(path: string, scrollY: number): void {
    this.#route = matchRoute(path);
    this.#navigation = { count: this.#navigation.count + 1, scrollY };
  }
}

function entryOf(state: unknown): number | null {
  if (typeof state !== 'object' || state === null || !('entry' in state)) return null;
  return typeof state.entry === 'number' ? state.entry : null;
}
