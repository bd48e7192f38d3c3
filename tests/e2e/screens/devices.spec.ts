/**
 * The devices of an account, one list: from another device one is signed out or removed, and comes back with what it had
 * not sent.
 */
import type { Locator } from '@playwright/test';
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

async function devicesOf(app: AppPage): Promise<Locator> {
  await app.page.goto(app.device.url('/settings/account'));
  return app.page.getByRole('region', { name: 'Devices' });
}

test('a device is signed out from another, then removed, and comes back with what it had not sent', async ({
  world,
}) => {
  const laptop = await AppPage.withNewAccount(await world.device('laptop'), ana);
  await laptop.addWord('casa', 'house');
  await laptop.untilChip('synced');
  const phone = await AppPage.joining(await world.device('phone'), ana);
  await phone.untilChip('synced');

  const devices = await devicesOf(laptop);
  const entries = devices.getByRole('listitem');
  const dialog = laptop.page.getByRole('dialog');
  await expect(entries).toHaveCount(2);
  await expect(entries.first()).toContainText('This device');
  await expect(entries.first().getByRole('button')).toHaveCount(0);
  await devices.getByRole('button', { name: /^Sign out there on / }).click();
  await dialog.getByRole('button', { name: 'Leave it signed in' }).click();
  await expect(entries.last()).not.toContainText('signed out');
  await devices.getByRole('button', { name: /^Sign out there on / }).click();
  await dialog.getByRole('button', { name: 'Sign out there' }).click();
  await expect(entries.last()).toContainText('signed out');
  await expect(devices.getByRole('button', { name: /^Sign out there on / })).toHaveCount(0);

  await phone.addWord('gato', 'cat');
  await phone.untilChip('attention');
  await phone.signInAgain(ana);
  await phone.untilChip('synced');
  await laptop.seesWord('gato');

  await devicesOf(laptop);
  await devices.getByRole('button', { name: /^Remove / }).click();
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(entries).toHaveCount(2);
  await devices.getByRole('button', { name: /^Remove / }).click();
  await dialog.getByRole('button', { name: 'Remove this device' }).click();
  await expect(entries).toHaveCount(1);

  await phone.addWord('perro', 'dog');
  await phone.untilChip('attention');
  await phone.signInAgain(ana);
  await phone.untilChip('synced');
  await phone.page.goto(phone.device.url('/sync'));
  const notice = phone.page.getByText('This device was removed from the list');
  await expect(notice).toBeVisible();
  await phone.page.getByRole('button', { name: 'Got it' }).click();
  await expect(notice).toBeHidden();
  await expect((await devicesOf(phone)).getByRole('listitem')).toHaveCount(2);
  await laptop.seesWord('perro');
});
