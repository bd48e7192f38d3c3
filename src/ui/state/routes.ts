/** The app's addresses: one table read in both directions, from a path to a screen and from a screen to its path. */

export type Route =
  | { readonly name: 'today' | 'words' | 'word-add' | 'review' | 'talk' | 'read' | 'text-add' }
  | { readonly name: 'settings' | 'account' | 'disagreements' | 'sync' }
  | { readonly name: 'word' | 'word-fix' | 'conversation' | 'text'; readonly id: string }
  | { readonly name: 'not-found'; readonly path: string };

export const paths = {
  today: '/',
  words: '/words',
  addWord: '/words/add',
  word: (id: string) => `/words/${encodeURIComponent(id)}`,
  /** A word that the server refused. */
  fixWord: (id: string) => `/words/fix/${encodeURIComponent(id)}`,
  review: '/review',
  talk: '/talk',
  conversation: (id: string) => `/talk/${encodeURIComponent(id)}`,
  read: '/read',
  addText: '/read/add',
  text: (id: string) => `/read/${encodeURIComponent(id)}`,
  settings: '/settings',
  account: '/settings/account',
  disagreements: '/settings/disagreements',
  sync: '/sync',
} as const;

/** Fixed addresses win over those with an id: no id of ours is `add`. */
export function matchRoute(path: string): Route {
  const clean = path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
  switch (clean) {
    case '/':
    case '/index.html':
      return { name: 'today' };
    case '/words':
      return { name: 'words' };
    case '/words/add':
      return { name: 'word-add' };
    case '/review':
      return { name: 'review' };
    case '/talk':
      return { name: 'talk' };
    case '/read':
      return { name: 'read' };
    case '/read/add':
      return { name: 'text-add' };
    case '/settings':
      return { name: 'settings' };
    case '/settings/account':
      return { name: 'account' };
    case '/settings/disagreements':
      return { name: 'disagreements' };
    case '/sync':
      return { name: 'sync' };
    default:
      return matchWithId(clean);
  }
}

const withId = { words: 'word', 'words/fix': 'word-fix', talk: 'conversation', read: 'text' } as const;

function matchWithId(path: string): Route {
  const match = /^\/(words|words\/fix|talk|read)\/([^/]+)$/.exec(path);
  const id = match?.[2] === undefined ? null : decoded(match[2]);
  if (!match || id === null) return { name: 'not-found', path };
  return { name: withId[match[1] as keyof typeof withId], id };
}

/** An address typed by hand may hold a broken escape; that is an unknown page, not a crash. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

export type Section = 'today' | 'words' | 'review' | 'talk' | 'read' | 'settings';

/** The entry of the navigation that a screen belongs to. */
export function sectionOf(route: Route): Section | null {
  switch (route.name) {
    case 'today':
      return 'today';
    case 'words':
    case 'word':
    case 'word-add':
    case 'word-fix':
      return 'words';
    case 'review':
      return 'review';
    case 'talk':
    case 'conversation':
      return 'talk';
    case 'read':
    case 'text':
    case 'text-add':
      return 'read';
    case 'settings':
    case 'account':
    case 'disagreements':
    case 'sync':
      return 'settings';
    default:
      return null;
  }
}
