/** Point 4: the app starts from cold with no network, all screens work, edits are kept, the chip tells the truth. */
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

test('the app starts from cold with no network and keeps what is done', { tag: '@point' }, async ({ world }) => {
  const device = await world.device('phone');
  const first = await AppPage.withNewAccount(device, ana);
  await first.addWord('el tren', 'train');
  await first.untilChip('synced');
  await device.closeApp();
  await device.goOffline();
  await device.stopServiceWorker();

  const app = await AppPage.open(device, '/words');
  await app.seesWord('el tren', 'train');
  await app.untilChip('offline', /^Sync:\s*Offline\s*$/);
  await app.addWord('la vía', 'track');
  await app.editTranslation('el tren', 'train (on rails)');
  await app.untilChip('offline', /waiting/);

  await device.closeApp();
  const again = await AppPage.open(device);
  await again.seesWord('la vía', 'track');
  await again.seesWord('el tren', 'train (on rails)');
});

test('every screen opens from cold without a network', async ({ world }) => {
  const device = await world.device('phone');
  const app = await AppPage.firstRun(device);
  await app.addWord('la luz', 'light');
  await device.closeApp();
  await device.goOffline();

  const screens = {
    '/': /.+/,
    '/words': 'Words',
    '/words/add': 'Add words',
    '/review': 'Review',
    '/talk': 'Talk',
    '/read': 'Read',
    '/read/add': 'Add a text',
    '/settings': 'Settings',
    '/sync': 'Sync',
  };
  for (const [path, title] of Object.entries(screens)) {
    const screen = await AppPage.open(device, path);
    await expect(screen.page.getByRole('heading', { level: 1 })).toHaveText(title);
    await screen.page.close();
  }
});
