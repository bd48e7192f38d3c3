/** The devices of an account: one is removed from another, and comes back with what it had not sent. */
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

test('a device is removed from another, is signed out, and comes back with what it had not sent', async ({ world }) => {
  const laptop = await AppPage.withNewAccount(await world.device('laptop'), ana);
  await laptop.addWord('casa', 'house');
  await laptop.untilChip('synced');
  const phone = await AppPage.joining(await world.device('phone'), ana);
  await phone.untilChip('synced');

  await laptop.page.goto(laptop.device.url('/settings/account'));
  const devices = laptop.page.getByRole('region', { name: 'Your devices' });
  await expect(devices.getByRole('listitem')).toHaveCount(2);
  await expect(devices.getByText('This device')).toHaveCount(1);
  await devices.getByRole('button', { name: /^Remove / }).click();
  const dialog = laptop.page.getByRole('dialog', { name: 'Remove this device?' });
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(devices.getByRole('listitem')).toHaveCount(2);
  await devices.getByRole('button', { name: /^Remove / }).click();
  await dialog.getByRole('button', { name: 'Remove this device' }).click();
  await expect(devices.getByRole('listitem')).toHaveCount(1);
  await expect(laptop.page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')).toHaveCount(
    1,
  );

  await phone.addWord('perro', 'dog');
  await phone.untilChip('attention');
  await phone.signInAgain(ana);
  await phone.untilChip('synced');
  await phone.page.goto(phone.device.url('/sync'));
  const notice = phone.page.getByText('This device was removed from the list');
  await expect(notice).toBeVisible();
  await phone.page.getByRole('button', { name: 'Got it' }).click();
  await expect(notice).toBeHidden();
  await phone.page.goto(phone.device.url('/settings/account'));
  await expect(phone.page.getByRole('region', { name: 'Your devices' }).getByRole('listitem')).toHaveCount(2);
});
