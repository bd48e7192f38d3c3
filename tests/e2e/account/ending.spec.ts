/** What ends elsewhere by what is done here: sessions with a new password, and everything with the account. */
import Database from 'better-sqlite3';
import { AppPage } from '../../support/app-page.ts';
import { expect, test, type World } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

/** The same account on two devices, the laptop on the screen of the account. */
async function onTwoDevices(world: World): Promise<{ laptop: AppPage; phone: AppPage }> {
  const laptop = await AppPage.withNewAccount(await world.device('laptop'), ana);
  await laptop.addWord('casa', 'house');
  await laptop.untilChip('synced');
  const phone = await AppPage.joining(await world.device('phone'), ana);
  await laptop.page.goto(laptop.device.url('/settings/account'));
  await laptop.untilReady();
  return { laptop, phone };
}

test('another password signs the other device out, which loses nothing and goes on with the new one', async ({
  world,
}) => {
  const { laptop, phone } = await onTwoDevices(world);
  const password = 'another long password';
  await laptop.page.getByLabel('Present password').fill(ana.password);
  await laptop.page.getByLabel('New password').fill(password);
  await laptop.page.getByRole('button', { name: 'Change the password' }).click();
  await expect(laptop.page.getByRole('status').filter({ hasText: 'The password was changed.' })).toBeVisible();
  await laptop.untilChip('synced');

  await phone.addWord('gato', 'cat');
  await phone.untilChip('attention');
  await phone.signInAgain({ ...ana, password });
  await phone.untilChip('synced');
  await laptop.seesWord('gato');
});

test('an account that is deleted leaves nothing on the server, and the words where the person wants them', async ({
  world,
}) => {
  const { laptop, phone } = await onTwoDevices(world);
  await laptop.page.getByRole('button', { name: 'Delete the account…' }).click();
  const dialog = laptop.page.getByRole('dialog', { name: 'Delete ana?' });
  await dialog.getByLabel('Your password').fill('not the password');
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await dialog.getByLabel('Your password').fill(ana.password);
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await laptop.untilChip('device');
  await laptop.seesWord('casa', 'house');

  const file = new Database(world.server.dataFile, { readonly: true });
  const left = ['account', 'session', 'device', 'row'].map((table) =>
    file.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
  );
  file.close();
  expect(left).toEqual([0, 0, 0, 0]);

  await phone.addWord('gato', 'cat');
  await phone.untilChip('attention');
  await phone.page.goto(phone.device.url('/settings'));
  await phone.page.getByRole('button', { name: 'Keep what is here' }).click();
  await phone.untilChip('device');
  await phone.seesWord('casa', 'house');
  await phone.seesWord('gato', 'cat');
});
