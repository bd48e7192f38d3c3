/** ENTRY of the page. The composition root: makes every port once and puts the app on the page. */
import { v7 } from 'uuid';
import { assert } from '../base/assert.ts';
import { createAccountApi } from '../client/adapters/account-api.ts';
import { browserPasskeyPrompt } from '../client/adapters/passkey-prompt.ts';
import { registerAppWorker } from '../client/adapters/app-worker.ts';
import { clearNotificationsWhenSeen, hearNotificationTaps } from '../client/adapters/notification-taps.ts';
import { createPushControl } from '../client/adapters/push-control.ts';
import { createSyncControl } from '../client/adapters/sync-control.ts';
import { detectCapabilities } from '../client/capabilities.ts';
import { createBrowserEnvironment } from '../client/db/browser-environment.ts';
import { takeFirstWorker } from '../client/db/first-worker.ts';
import { createLocalDatabase } from '../client/db/local-database.ts';
import { deviceName } from './device-name.ts';
import { mountApp } from './mount.ts';
import { browserInstallPrompt } from './state/install-prompt.ts';

const target = document.getElementById('app');
assert(target, 'index.html has #app');

const now = () => Date.now();
const database = createLocalDatabase(createBrowserEnvironment(takeFirstWorker));
const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
const push = createPushControl({
  registration: () => container?.getRegistration(),
  permission: () => ('Notification' in window ? Notification.permission : null),
  askPermission: () => Notification.requestPermission(),
  fetch: (input, init) => fetch(input, init),
  timeZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
});

mountApp(target, {
  database,
  push,
  onNotificationTap: hearNotificationTaps(container).onOpen,
  sync: createSyncControl({ database, now }),
  account: createAccountApi({
    fetch: (input, init) => fetch(input, init),
    deviceName: deviceName(navigator),
    prompt: browserPasskeyPrompt(window),
  }),
  update: registerAppWorker(navigator.serviceWorker),
  install: browserInstallPrompt(window),
  capabilities: detectCapabilities,
  now,
  newId: v7,
});
clearNotificationsWhenSeen(document, container);
// The app comes first.
window.addEventListener('load', () => void push.keep());
