/** A session that is wrong or over, and a server that speaks another version: clear words, and nothing is lost. */
import Database from 'better-sqlite3';
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const berta = { name: 'berta', password: 'another long password' };
const sync = 'POST /api/sync';

test('a session that is gone, forged or ended keeps the edits, asks to sign in, and then syncs them', async ({
  world,
}) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const ways = {
    gone: () => device.context.clearCookies(),
    forged: async () => {
      const [cookie] = await device.context.cookies();
      await device.context.addCookies([{ ...cookie!, value: 'x'.repeat(43) }]);
    },
    ended: () => {
      const database = new Database(world.server.dataFile);
      database.prepare('UPDATE session SET expires_at = 1').run();
      database.close();
    },
  };
  for (const [way, end] of Object.entries(ways)) {
    await end();
    await phone.addWord(`la llave ${way}`, 'key');
    await phone.untilChip('attention');
    await phone.goToSync();
    await expect(phone.page.getByRole('main')).toContainText(/sign in again/i);
    await phone.seesWord(`la llave ${way}`);
    await phone.signInAgain(ana);
    await phone.untilChip('synced');
  }
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  for (const way of Object.keys(ways)) await laptop.seesWord(`la llave ${way}`, 'key');
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

test('what one account made never reaches another that is signed in beside it', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const other = await world.device('laptop');
  const laptop = await AppPage.withNewAccount(other, berta);
  await device.context.addCookies(await other.context.cookies());

  await phone.addWord('la llave', 'key');
  await phone.untilChip('attention');
  await phone.goToSync();
  await expect(phone.page.getByRole('main')).toContainText(/another account/i);
  await phone.seesWord('la llave');
  await laptop.addWord('la puerta', 'door');
  await laptop.untilChip('synced');
  await laptop.seesWordCount(1);
});

test('signing out empties the device when asked to, and another account begins afresh', async ({ world }) => {
  const phone = await AppPage.withNewAccount(await world.device('phone'), ana);
  await phone.addWord('la llave', 'key');
  await phone.untilChip('synced');
  await phone.signOut('remove');
  await phone.signUp(berta);
  await phone.untilChip('synced');

  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await laptop.seesWord('la llave', 'key');
  const tablet = await AppPage.joining(await world.device('tablet'), berta);
  await tablet.goTo('Words');
  await expect(tablet.page.getByRole('button', { name: 'Start learning Spanish' })).toBeVisible();
});

test('signing out can keep everything on the device until the same account comes back', async ({ world }) => {
  const phone = await AppPage.withNewAccount(await world.device('phone'), ana);
  await phone.signOut('keep');
  await phone.addWord('la llave', 'key');
  await phone.untilChip('attention');
  await phone.signInAgain(ana);
  await phone.untilChip('synced');
});
