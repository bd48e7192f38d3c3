/** The Sync screen tells what is so: what waits, what ran, what went wrong and when it is tried again. */
import { AppPage } from '../../support/app-page.ts';
import { SyncPage } from '../../support/sync-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const sync = 'POST /api/sync';
const away = { status: 503, body: { error: { code: 'unavailable', message: 'away' } } };

test('what waits is listed by kind, with the last error in words and the next try', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  device.network.fail(sync, away, Infinity);
  await phone.addWord('el cielo', 'sky');
  await phone.startConversation('El cielo es azul.');

  const screen = await SyncPage.open(phone);
  await expect(screen.figure('Waiting to be sent', 'Words')).toHaveText('1 change');
  await expect(screen.figure('Waiting to be sent', 'Conversations')).toHaveText('1 change');
  await expect(screen.figure('Waiting to be sent', 'Messages')).toHaveText('1 change');
  await expect(screen.main).toContainText('The server is not available.');
  await expect(screen.main).toContainText(/Next try in/);
  await expect(screen.main).toContainText('Last synced just now.');

  device.network.heal();
  await screen.main.getByRole('button', { name: 'Sync now' }).click();
  await phone.untilChip('synced');
  await expect(screen.main.getByRole('region', { name: 'Waiting to be sent' })).toHaveCount(0);
  await expect(screen.main).not.toContainText(/Next try in/);
});

test('the statistics are what happened', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await phone.addWord('el cielo', 'sky');
  await phone.untilChip('synced');
  device.network.fail(sync, away, 1);
  const failed = device.network.count(sync) + 1;
  await phone.addWord('la estrella', 'star');
  await expect.poll(() => device.network.count(sync)).toBeGreaterThan(failed);
  await phone.untilChip('synced');

  const screen = await SyncPage.open(phone);
  const figure = (label: string) => screen.figure('In the last days', label);
  // Each run was one request.
  await expect.poll(() => figure('Syncs').textContent()).toBe(`${device.network.count(sync)} runs`);
  const runs = device.network.count(sync);
  await expect(figure('Got through')).toHaveText(`${runs - 1} (${Math.floor((100 * (runs - 1)) / runs)} %)`);
  await expect(figure('Failed')).toHaveText('1');
  // A profile, and twice a word with its entry in the study log; nothing came down.
  await expect(figure('Rows exchanged')).toHaveText('5');
  await expect(figure('Conflicts')).toHaveText('0');
  await expect(figure('Last got through')).toHaveText('just now');
  await expect(screen.main.getByRole('region', { name: 'Last runs' })).toContainText('The server is away');
});

test('the app looks for changes as often as the person chose', async ({ world }) => {
  // Its clock is the test's.
  const device = await world.device('phone', { lastOfBrowser: true });
  const phone = await AppPage.withNewAccount(device, ana);
  await phone.page.goto(device.url('/settings'));
  await phone.page.clock.install();
  await phone.page.getByLabel('Look for changes').selectOption('Every 5 minutes');
  await phone.untilChip('synced');
  const screen = await SyncPage.open(phone);
  // Requests, not runs as the screen counts them: one that gave way to the page that opened is none of those.
  const requests = () => device.network.count(sync);

  await phone.page.clock.fastForward('04:00');
  const before = requests();
  await screen.main.getByRole('button', { name: 'Sync now' }).click();
  await expect.poll(requests).toBeGreaterThan(before);
  await phone.untilChip('synced');
  const after = requests();
  await phone.page.clock.fastForward('05:30');
  // The service worker's clock did not go forwards: what it plans next is past already for the page, which goes on at once.
  await expect.poll(requests).toBeGreaterThan(after);
});

test('where the browser saves data, changes wait, the app says so, and goes at once when asked to', async ({
  world,
}) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await device.saveData(phone.page);
  await phone.page.reload();
  await phone.untilReady();
  await phone.untilChip('synced');
  const before = device.network.count(sync);
  await phone.addWord('el cielo', 'sky');
  await phone.addWord('la estrella', 'star');
  await phone.untilChip('waiting', '4 waiting');

  const screen = await SyncPage.open(phone);
  await expect(screen.main).toContainText('Your browser saves data');
  expect(device.network.count(sync)).toBe(before);
  await screen.main.getByRole('button', { name: 'Sync now' }).click();
  await phone.untilChip('synced');
});

test('a person can send without receiving, and receive without sending', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  // With the data saver on, nothing moves but what the person asks for.
  for (const app of [phone, laptop]) {
    await app.device.saveData(app.page);
    await app.page.reload();
    await app.untilReady();
    await app.untilChip('synced');
  }
  await phone.addWord('el cielo', 'sky');
  await laptop.addWord('la estrella', 'star');
  const onPhone = await SyncPage.open(phone);
  const onLaptop = await SyncPage.open(laptop);

  await onPhone.main.getByRole('button', { name: 'Only send' }).click();
  await expect(onPhone.main.getByRole('region', { name: 'Last runs' })).toContainText('only sent');
  await phone.untilChip('synced');
  await onLaptop.main.getByRole('button', { name: 'Only receive' }).click();
  await expect(onLaptop.main.getByRole('region', { name: 'Last runs' })).toContainText('only received');
  await laptop.untilChip('waiting', '2 waiting');

  await laptop.seesWord('el cielo', 'sky');
  await phone.seesWordCount(1);
});
