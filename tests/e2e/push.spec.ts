/**
 * Web Push from a change on one device to a notification on another whose app is closed. The server, the service worker and
 * the way between them are real: it posts to a push service of our own, and what that could open is handed to the browser.
 * Only the browser's own push service, which needs the internet, is stood in for as the app subscribes.
 */
import { AppPage } from '../support/app-page.ts';
import { PushEndpoint } from '../support/push-endpoint.ts';
import { expect, test } from './world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

test('a closed app is woken by what happens on another device, says so, and has it without a network', async ({
  world,
}) => {
  const service = await PushEndpoint.start();
  const device = await world.device('phone');
  await device.allowNotifications();
  const phone = await AppPage.withNewAccount(device, ana);
  const settings = phone.page.getByRole('region', { name: 'Notifications' });
  await expect(settings).toBeHidden();
  await phone.addWord('la mesa', 'table');
  await phone.page.goto(device.url('/settings'));
  await expect(settings.getByText('May Lorikeet tell you')).toBeVisible();
  await subscribeAt(phone, service);
  await settings.getByRole('button', { name: 'Yes, tell me on this device' }).click();
  await expect(settings.getByRole('button', { name: 'Turn off on this device' })).toBeVisible();
  await device.closeApp();

  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await laptop.goTo('Talk');
  await laptop.page.getByRole('button', { name: /At the café/ }).click();
  await expect(laptop.page.getByRole('list', { name: 'Messages' })).not.toBeEmpty();
  const [message] = await service.count(1);
  expect(service.faults).toEqual([]);
  expect(JSON.parse(message!.text)).toEqual({ kind: 'news' });

  await device.deliverPush(message!.text);
  await expect.poll(() => device.notifications()).toEqual([{ title: 'Your tutor answered', silent: false }]);
  await device.deliverPush('{"kind":"due"}');
  await expect
    .poll(async () => (await device.notifications()).map(({ title }) => title).sort())
    .toEqual(['1 card is due', 'Your tutor answered']);

  // It came while the app was closed: it is there without a network. Who opens the app need not be told of it any more.
  await device.network.set('refuse');
  const again = await AppPage.open(device, '/talk');
  await expect(again.page.getByRole('link', { name: /At the café/ })).toBeVisible();
  await expect.poll(() => device.notifications()).toEqual([]);
  await service.close();
});

test('who blocked notifications and allows them in the browser’s settings is asked when they come back', async ({
  world,
}) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await phone.addWord('la mesa', 'table');
  await phone.page.addInitScript(() => {
    const said = { permission: 'denied' };
    Object.assign(window, { said });
    Object.defineProperty(Notification, 'permission', { get: () => said.permission });
  });
  await phone.page.goto(device.url('/settings'));
  const settings = phone.page.getByRole('region', { name: 'Notifications' });
  await expect(settings.getByText('are blocked in this browser')).toBeVisible();
  await phone.page.evaluate(() => {
    Object.assign((window as unknown as { said: object }).said, { permission: 'default' });
    window.dispatchEvent(new Event('focus'));
  });
  await expect(settings.getByText('May Lorikeet tell you')).toBeVisible();
});

/** In this document, until it is left, the browser's push service is this one. */
async function subscribeAt({ page }: AppPage, service: PushEndpoint): Promise<void> {
  const { endpoint, p256dh, auth } = service.browser('phone');
  await page.evaluate(
    (made) => {
      const subscription = {
        endpoint: made.endpoint,
        toJSON: () => ({ endpoint: made.endpoint, keys: { p256dh: made.p256dh, auth: made.auth } }),
        unsubscribe: () => Promise.resolve(true),
      };
      const stand = {
        subscribe: () => Promise.resolve(subscription),
        getSubscription: () => Promise.resolve(subscription),
      };
      Object.assign(PushManager.prototype, stand);
    },
    { endpoint, p256dh, auth },
  );
}
