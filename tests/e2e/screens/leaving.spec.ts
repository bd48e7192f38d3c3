/** Signing out with edits that were never sent: said first, kept or discarded by choice, and no row crosses accounts. */
import { accountRows } from '../../support/account-rows.ts';
import { AppPage, type Credentials } from '../../support/app-page.ts';
import { expect, test, type World } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const berta = { name: 'berta', password: 'another long password' };
const away = { status: 503, body: { error: { code: 'unavailable', message: 'away' } } };

test('edits that wait are said at signing out, and kept they sync when the same person is back', async ({ world }) => {
  const { phone } = await signedInWithEditsWaiting(world);
  await phone.signOut('keep', '2 changes have not been synced yet');
  phone.device.network.heal();
  await phone.untilChip('attention');

  // Another account cannot take them over by signing in.
  await phone.page.goto(phone.device.url('/settings'));
  await expect(phone.page.getByLabel('Password of ana')).toBeVisible();
  await phone.signInAgain(ana);
  await phone.untilChip('synced');
  expect(await wordsOf(world, ana)).toEqual(['la llave', 'la puerta']);
});

test('edits that wait are discarded when asked to, and nothing of the first account reaches the second', async ({
  world,
}) => {
  const { phone } = await signedInWithEditsWaiting(world);
  await phone.signOut('remove', 'the 2 changes waiting here will be lost');
  phone.device.network.heal();
  await phone.page.goto(phone.device.url('/'));
  await expect(phone.page.getByRole('button', { name: 'Start learning Spanish' })).toBeVisible();

  await phone.page.getByRole('button', { name: 'Start learning Spanish' }).click();
  await phone.addWord('el árbol', 'tree');
  await phone.signUp(berta);
  await phone.untilChip('synced');
  await phone.seesWordCount(1);
  expect(await wordsOf(world, ana)).toEqual(['la llave']);
  expect(await wordsOf(world, berta)).toEqual(['el árbol']);
});

async function signedInWithEditsWaiting(world: World): Promise<{ phone: AppPage }> {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await phone.addWord('la llave', 'key');
  await phone.untilChip('synced');
  device.network.fail('POST /api/sync', away, Infinity);
  await phone.addWord('la puerta', 'door');
  await phone.untilChip('waiting', '2 waiting');
  return { phone };
}

async function wordsOf(world: World, account: Credentials): Promise<unknown[]> {
  const rows = await accountRows(world.server.origin, account, 'vocabulary_item');
  return Object.values(rows).map((row) => row?.['word']);
}
