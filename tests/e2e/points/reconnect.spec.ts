/**
 * Point 5: back online, changes go up and come down by themselves: with the app open, with the app closed, and with the
 * app in the background, frozen. The second device holds the change before the first opens again.
 */
import { AppPage } from '../../support/app-page.ts';
import { test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

test(
  'with the app open, a change made offline reaches the other device when the connection returns',
  { tag: '@point' },
  async ({ world }) => {
    const device = await world.device('phone');
    const phone = await AppPage.withNewAccount(device, ana);
    const laptop = await AppPage.joining(await world.device('laptop'), ana);

    await device.goOffline();
    await phone.addWord('el bosque', 'forest');
    await phone.untilChip('offline', 'waiting');
    await laptop.addWord('el río', 'river');

    await device.goOnline();
    await laptop.seesWord('el bosque', 'forest');
    await phone.seesWord('el río', 'river');
    await phone.untilChip('synced');
  },
);

test(
  'with the app closed, a change made offline reaches the other device when the connection returns',
  { tag: '@point' },
  async ({ world }) => {
    const device = await world.device('phone');
    const phone = await AppPage.withNewAccount(device, ana);
    const laptop = await AppPage.joining(await world.device('laptop'), ana);

    await device.goOffline();
    await laptop.addWord('el río', 'river');
    await laptop.untilChip('synced');
    await phone.addWord('el bosque', 'forest');
    await phone.untilChip('offline', /waiting/);
    // At once: the service worker has just had an answer from the page that goes.
    await device.closeApp();
    await device.goOnline();
    await laptop.seesWord('el bosque', 'forest');

    // What came down meanwhile is on the device already: it shows without a network.
    await device.goOffline();
    const again = await AppPage.open(device);
    await again.seesWord('el río', 'river');
    await again.seesWord('el bosque', 'forest');
    await again.untilChip('offline', /^Sync:\s*Offline\s*$/);
  },
);

test(
  'with the app in the background and frozen, a change made offline reaches the other device',
  { tag: '@point' },
  async ({ world }) => {
    const device = await world.device('phone');
    const phone = await AppPage.withNewAccount(device, ana);
    const laptop = await AppPage.joining(await world.device('laptop'), ana);

    await device.goOffline();
    await phone.addWord('el bosque', 'forest');
    await phone.untilChip('offline', /waiting/);
    await device.freeze(phone.page);

    await device.goOnline();
    await laptop.seesWord('el bosque', 'forest');
    await laptop.addWord('el río', 'river');
    await laptop.untilChip('synced');

    await device.thaw(phone.page);
    await phone.seesWord('el río', 'river');
    await phone.untilChip('synced');
  },
);
