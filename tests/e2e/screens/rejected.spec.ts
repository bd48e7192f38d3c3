/** What the server refuses is set aside and said, can be mended or discarded, and never holds up the rest. */
import { AppPage } from '../../support/app-page.ts';
import { SyncPage } from '../../support/sync-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const tooLong = 'The translation is too long or of the wrong kind.';

test('refused words are set aside with the reason, the rest goes on, and they are mended or discarded', async ({
  world,
}) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  // A number where a text belongs: as a broken version of the app would send it.
  device.network.garble('"lighthouse"', '123456789012');
  device.network.garble('"harbour"', '123456789');

  await phone.addWord('el faro', 'lighthouse');
  await phone.addWord('el puerto', 'harbour');
  await phone.addWord('la ola', 'wave');
  await laptop.seesWord('la ola', 'wave');
  await phone.untilChip('attention', '2');
  await laptop.seesWordCount(1);

  const screen = await SyncPage.open(phone);
  const refused = (word: string) => screen.main.getByRole('listitem').filter({ hasText: word });
  await expect(refused('el faro')).toContainText(tooLong);
  await expect(refused('el puerto')).toContainText(tooLong);

  await refused('el puerto').getByRole('button', { name: 'Discard' }).click();
  await expect(refused('el puerto')).toHaveCount(0);
  await refused('el faro').getByRole('link', { name: 'Fix' }).click();
  await expect(phone.page.getByRole('main')).toContainText(tooLong);
  await expect(phone.page.getByLabel('Translation in English')).toHaveValue('lighthouse');
  await phone.page.getByLabel('Translation in English').fill('light tower');
  await phone.page.getByRole('button', { name: 'Save' }).click();

  await phone.untilChip('synced');
  await laptop.seesWord('el faro', 'light tower');
  await laptop.seesWordCount(2);
});

test('a refused edit leaves the word as it was before, and what was typed is kept to be mended', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await phone.addWord('el faro', 'light');
  await phone.untilChip('synced');
  device.network.garble('"lighthouse"', '123456789012');
  await phone.editTranslation('el faro', 'lighthouse');
  await phone.untilChip('attention', '1');
  await phone.seesWord('el faro', 'light');

  const screen = await SyncPage.open(phone);
  await screen.main.getByRole('link', { name: 'Fix' }).click();
  await expect(phone.page.getByLabel('Translation in English')).toHaveValue('lighthouse');
  device.network.heal();
  await phone.page.getByRole('button', { name: 'Save' }).click();
  await phone.untilChip('synced');
  await phone.seesWord('el faro', 'lighthouse');
});
