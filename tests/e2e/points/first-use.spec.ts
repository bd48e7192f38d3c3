/** Points 1 and 2: the app opens, can be installed, and is usable at once without an account. */
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

test('a person adds, edits, finds and deletes words without an account', { tag: '@point' }, async ({ world }) => {
  const app = await AppPage.firstRun(await world.device('phone'));
  await app.untilChip('device', 'On this device');
  await app.addWord('el ratón', 'mouse');
  await app.addWord('la canción', 'song');
  await app.seesWordCount(2);

  await app.search('CANCION');
  await expect(app.word('la canción')).toBeVisible();
  await expect(app.word('el ratón')).toBeHidden();

  await app.editTranslation('la canción', 'song, tune');
  await app.seesWord('la canción', 'song, tune');

  await app.word('el ratón').click();
  await app.page.getByRole('button', { name: 'Delete word' }).click();
  await app.seesWordCount(1);
});

test('the starter deck of at least 200 words is added with one tap and reviewed', async ({ world }) => {
  const app = await AppPage.firstRun(await world.device('phone'));
  await app.addStarterDeck();
  await expect.poll(() => app.wordCount()).toBeGreaterThanOrEqual(200);

  await app.holdToast();
  await app.goTo('Review');
  const show = app.page.getByRole('button', { name: 'Show answer' });
  await app.toastIsClearOf(show);
  await show.click();
  const answers = app.page.getByRole('group', { name: 'How well did you know it?' });
  await expect(answers.getByRole('button')).toHaveCount(4);
  await answers.getByRole('button', { name: 'Good' }).click();
  await expect(app.page.getByRole('button', { name: 'Show answer' })).toBeVisible();
  await app.goTo('Today');
  await expect(app.page.getByRole('img', { name: /^1 of \d+ cards reviewed today/ })).toBeVisible();
});

test('a person starts a conversation, writes, and finds it again', async ({ world }) => {
  const app = await AppPage.firstRun(await world.device('phone'));
  await app.startConversation('Hoy hace sol.');
  await app.sendMessage('Voy al mercado.');

  const message = app.page.getByLabel('Message in Spanish');
  await message.fill('a'.repeat(8_002));
  await expect(app.page.getByText('This is 2 characters too long.')).toBeVisible();
  await expect(app.page.getByRole('button', { name: 'Send' })).toBeDisabled();
  await message.fill('a'.repeat(8_000));
  await expect(app.page.getByRole('button', { name: 'Send' })).toBeEnabled();
  await message.clear();

  await app.goTo('Talk');
  await app.page.getByRole('main').getByRole('link').filter({ hasText: 'Voy al mercado.' }).click();
  await expect(app.page.getByRole('list', { name: 'Messages' }).getByRole('listitem')).toHaveCount(2);
});

test('what was made is there after the app was closed and opened again', { tag: '@point' }, async ({ world }) => {
  const device = await world.device('phone');
  const app = await AppPage.firstRun(device);
  await app.addWord('la lluvia', 'rain');
  await device.closeApp();
  const again = await AppPage.open(device);
  await again.seesWord('la lluvia', 'rain');
});

test('the browser finds nothing that keeps the app from being installed', async ({ world }) => {
  const device = await world.device('phone');
  const app = await AppPage.firstRun(device);
  const session = await device.context.newCDPSession(app.page);
  await expect.poll(async () => (await session.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);
  const { errors, data } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const manifest = JSON.parse(data ?? '{}') as Record<string, unknown[] | string> & { icons: { purpose?: string }[] };
  expect(manifest['id']).toBeTruthy();
  expect(manifest.icons.some((icon) => icon.purpose?.includes('maskable'))).toBe(true);
  expect(manifest['screenshots']?.length).toBeGreaterThan(0);
  expect(manifest['shortcuts']?.length).toBeGreaterThan(0);
});
