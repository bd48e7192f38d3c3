/** A session that is wrong or over, and a server that speaks another version: clear words, and nothing is lost. */
import Database from 'better-sqlite3';
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const sync = 'POST /api/sync';

test('a session that is over keeps the edits, asks to sign in, and then syncs them', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await device.context.clearCookies();

  await phone.addWord('la llave', 'key');
  await phone.untilChip('attention');
  await phone.goToSync();
  await expect(phone.page.getByRole('main')).toContainText(/sign in again/i);
  await phone.seesWord('la llave');

  await phone.signInAgain(ana);
  await phone.untilChip('synced');
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await laptop.seesWord('la llave', 'key');
});

test('a cookie that no session has asks to sign in', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const [cookie] = await device.context.cookies();
  await device.context.addCookies([{ ...cookie!, value: 'x'.repeat(43) }]);
  await phone.addWord('la llave', 'key');
  await phone.untilChip('attention');
});

test('a session that the server has ended asks to sign in', async ({ world }) => {
  const phone = await AppPage.withNewAccount(await world.device('phone'), ana);
  const database = new Database(world.server.dataFile);
  database.prepare('UPDATE session SET expires_at = 1').run();
  database.close();
  await phone.addWord('la llave', 'key');
  await phone.untilChip('attention');
  await phone.seesWord('la llave');
});

test('a server that needs a newer app is answered with a request to update, and the edit waits', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  device.network.fail(sync, { status: 426, body: { error: { code: 'outdated', message: 'too old' } } }, 1_000);
  await phone.addWord('la llave', 'key');
  await phone.untilChip('attention');
  await phone.goToSync();
  await expect(phone.page.getByRole('main')).toContainText(/too old/i);
  await phone.seesWord('la llave');

  device.network.heal();
  await phone.page.reload();
  await phone.untilReady();
  await phone.untilChip('synced');
});

test('another account on a device that holds words is refused until the person decides', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await phone.addWord('la llave', 'key');
  await phone.untilChip('synced');
  const other = await AppPage.withNewAccount(await world.device('laptop'), { ...ana, name: 'berta' });
  await other.addWord('la puerta', 'door');
  await other.untilChip('synced');

  await phone.signOut('keep');
  await phone.signIn({ ...ana, name: 'berta' });
  await expect(phone.page.getByRole('main')).toContainText(/another account/i);
  await phone.seesWord('la llave');
  await phone.seesWordCount(1);
});
