/** A full disk: the person reads it, nothing that was kept is lost, and the app goes on when there is room again. */
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

test('storage that is full is said clearly, and what was kept before stays', async ({ world }) => {
  const device = await world.device('phone');
  const app = await AppPage.firstRun(device);
  await app.addWord('la caja', 'box');
  await device.limitStorage(await device.usedStorage());

  await app.addStarterDeck();
  await expect(app.page.getByText(/storage of this device is full|was not kept/i).first()).toBeVisible();
  await app.findsWord('la caja');

  await device.limitStorage(null);
  await app.addWord('la bolsa', 'bag');
  await app.page.reload();
  await app.untilReady();
  await app.findsWord('la caja');
  await app.findsWord('la bolsa');
});
