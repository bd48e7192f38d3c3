/** Point 3: what was made before signing up is kept and synced; a second device sees everything. */
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

test('signing up keeps what was made before, and a second device sees it', { tag: '@point' }, async ({ world }) => {
  const phone = await AppPage.firstRun(await world.device('phone'));
  await phone.addWord('el puente', 'bridge');
  await phone.startConversation('Cruzo el puente.');
  await phone.signUp(ana);
  await phone.untilChip('synced');
  await phone.seesWord('el puente');

  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await laptop.seesWord('el puente', 'bridge');
  await laptop.goTo('Talk');
  await expect(laptop.page.getByRole('main')).toContainText('Cruzo el puente.');
});

test('a change on one device shows on the other while both are open', async ({ world }) => {
  const phone = await AppPage.withNewAccount(await world.device('phone'), ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);

  await phone.addWord('la nube', 'cloud');
  await laptop.seesWord('la nube', 'cloud');
  await laptop.editTranslation('la nube', 'cloud (in the sky)');
  await phone.seesWord('la nube', 'cloud (in the sky)');
  await phone.untilChip('synced');
});
