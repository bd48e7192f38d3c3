/**
 * Any process may end at any moment: the service worker in mid-sync, the database worker in mid-transaction, the page. The
 * database is whole afterwards (I8), nothing that was kept is lost (I1), and sync goes on.
 */
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const sync = 'POST /api/sync';

test('a service worker stopped in mid-sync loses nothing, and the next sync finishes the work', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);

  device.network.fail(sync, 'held');
  const before = device.network.count(sync);
  await phone.addWord('el reloj', 'clock');
  await expect.poll(() => device.network.count(sync)).toBeGreaterThan(before);
  await device.stopServiceWorker();

  await phone.addWord('la hora', 'hour');
  await laptop.seesWord('el reloj', 'clock');
  await laptop.seesWord('la hora', 'hour');
  await laptop.seesWordCount(2);
  await phone.untilChip('synced');
});

test('a service worker stopped while it syncs with the app closed leaves the database whole', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await device.goOffline();
  await phone.addWord('el reloj', 'clock');
  await phone.untilChip('offline', /waiting/);
  await device.closeApp();

  device.network.fail(sync, 'held');
  const before = device.network.count(sync);
  await device.goOnline();
  await expect.poll(() => device.network.count(sync)).toBeGreaterThan(before);
  await device.stopServiceWorker();
  device.network.heal();

  await device.fireSync('outbox');
  await laptop.seesWord('el reloj', 'clock');
  const again = await AppPage.open(device);
  await again.seesWord('el reloj', 'clock');
  await again.seesWordCount(1);
  await again.untilChip('synced');
});

test('a page that the service worker does not control syncs all the same, also after the worker was stopped', async ({
  world,
}) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await device.reloadPastServiceWorker(phone.page);
  await phone.untilReady();
  await device.stopServiceWorker();
  await phone.addWord('el reloj', 'clock');
  await laptop.seesWord('el reloj', 'clock');
  await phone.untilChip('synced');
});

/** The deck is added in transactions of this many words. */
const batch = 24;

for (const delay of [0, 4, 15, 60]) {
  test(`a database worker killed ${delay} ms into adding the deck leaves whole transactions only`, async ({
    world,
  }) => {
    const device = await world.device('phone');
    const app = await AppPage.firstRun(device);
    await app.addWord('el suelo', 'floor');
    await app.killDatabaseWorkerDuring(() => app.addStarterDeck(), delay);

    await app.page.reload();
    await app.untilReady();
    await expect.poll(async () => (await app.wordCount()) % batch).toBe(1);
    await app.findsWord('el suelo');
    await app.addWord('el techo', 'roof');
    await app.findsWord('el techo');
    await expect.poll(async () => (await app.wordCount()) % batch).toBe(2);
  });
}

test('a page that crashes leaves everything that was kept', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await device.goOffline();
  await phone.addWord('el reloj', 'clock');
  await device.crash(phone.page);

  const again = await AppPage.open(device);
  await again.seesWord('el reloj', 'clock');
  await device.goOnline();
  await again.untilChip('synced');
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await laptop.seesWord('el reloj', 'clock');
});

test('what a crashed page left in the log is synced with the app closed', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await device.network.set('refuse');
  await phone.addWord('el reloj', 'clock');
  await expect(phone.chip).toContainText('waiting');
  await device.crash(phone.page);

  await device.network.set('up');
  await device.fireSync('outbox');
  await laptop.seesWord('el reloj', 'clock');
});

test('a page hidden and at once frozen while it holds the database does not block sync', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await laptop.addWord('la hora', 'hour');
  await phone.seesWord('la hora');
  await device.freeze(phone.page);

  await laptop.addWord('el reloj', 'clock');
  await laptop.untilChip('synced');
  const before = device.network.count(sync);
  await device.fireSync('outbox');
  await expect.poll(() => device.network.count(sync)).toBeGreaterThan(before);

  await device.thaw(phone.page);
  await phone.seesWord('el reloj', 'clock');
  await phone.addWord('el minuto', 'minute');
  await laptop.seesWord('el minuto', 'minute');
});

test('a page that stays in the background gives the database up, and takes it back', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await device.putInBackground();
  await expect
    .poll(async () => (await phone.page.evaluate(() => navigator.locks.query())).held?.map((lock) => lock.name))
    .not.toContain('lorikeet-db');
  await phone.page.bringToFront();
  await phone.addWord('el reloj', 'clock');
  await phone.untilChip('synced');
});
