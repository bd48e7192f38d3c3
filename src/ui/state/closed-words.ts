/** What this browser will and will not do with the app closed, in plain words. */
import type { Capabilities } from '../../client/capabilities.ts';

export interface ClosedPoint {
  readonly holds: boolean;
  readonly words: string;
}

export function whenClosed(has: Capabilities): readonly ClosedPoint[] {
  const closedSync = has.serviceWorker && has.opfs && has.writableInServiceWorker && has.backgroundSync;
  return [
    has.opfs
      ? { holds: true, words: 'Your words are kept in a database file of this browser.' }
      : {
          holds: false,
          words:
            'This window keeps no files (a private window, perhaps). Words live in the browser’s simpler store, which it may empty when the window closes.',
        },
    has.serviceWorker
      ? { holds: true, words: 'The app opens without a connection.' }
      : { holds: false, words: 'The app cannot open without a connection here.' },
    closedSync
      ? { holds: true, words: 'Changes made offline are sent when the connection returns, also with the app closed.' }
      : { holds: false, words: 'Changes made offline are sent when you next open the app, not while it is closed.' },
    closedSync && has.periodicSync
      ? {
          holds: true,
          words:
            'Once installed, the app may look for news now and then while it is closed. The browser decides how often.',
        }
      : {
          holds: false,
          words: has.push
            ? 'News from your other devices arrives while the app is open, and while it is closed if you turn notifications on.'
            : 'News from your other devices arrives while the app is open.',
        },
  ];
}
