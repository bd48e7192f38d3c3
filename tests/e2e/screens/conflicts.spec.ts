/**
 * Two devices that disagree, as people meet it: the way is chosen and holds on every device; what waits for a decision is
 * shown on both with the value from before; what gave way is never gone.
 */
import type { World } from '../world.ts';
import { AppPage } from '../../support/app-page.ts';
import { chooseWay, openWays, SyncPage, waySelect } from '../../support/sync-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const translation = 'Translation in English';
const note = 'Note (optional)';

test('a way chosen for words and another for their translation hold on both devices', async ({ world }) => {
  const { phone, laptop } = await twoDevices(world, ['la casa']);
  await chooseWay(phone, 'The first to arrive stands', ['Words']);
  await chooseWay(phone, 'The last to arrive stands', ['Words', 'Translation']);
  await expect(async () => {
    await openWays(laptop);
    await expect(waySelect(laptop, ['Words'])).toHaveValue('server_wins', { timeout: 1_000 });
    await expect(waySelect(laptop, ['Words', 'Translation'])).toHaveValue('local_wins', { timeout: 1_000 });
  }).toPass();

  await bothOffline(phone, laptop);
  // In each column, the way that was chosen gives another winner than the later change.
  await phone.editWord('la casa', { [note]: 'phone, earlier, arrives first' });
  await laptop.editWord('la casa', { [translation]: 'laptop, earlier, arrives last' });
  await phone.editWord('la casa', { [translation]: 'phone, later, arrives first' });
  await laptop.editWord('la casa', { [note]: 'laptop, later, arrives last' });
  await oneAfterTheOther(phone, laptop);

  for (const device of [laptop, phone]) {
    await device.seesWord('la casa', 'laptop, earlier, arrives last');
    await device.word('la casa').click();
    await expect(device.page.getByLabel(note)).toHaveValue('phone, earlier, arrives first');
  }
});

test('what the later change replaced is shown on both devices and can be brought back', async ({ world }) => {
  const { phone, laptop } = await twoDevices(world, ['la casa']);
  await bothOffline(phone, laptop);
  await phone.editTranslation('la casa', 'home');
  await laptop.editTranslation('la casa', 'household');
  await oneAfterTheOther(phone, laptop);
  await phone.seesWord('la casa', 'household');

  const onLaptop = await SyncPage.open(laptop);
  await expect(onLaptop.decided('Word “la casa”')).toContainText('Before: translation of la casa');
  const onPhone = await SyncPage.open(phone);
  const lost = onPhone.decided('Word “la casa”').getByRole('button', { name: 'Use this: home' });
  await expect(lost).toBeVisible();
  await lost.click();

  await phone.seesWord('la casa', 'home');
  await laptop.seesWord('la casa', 'home');
});

test('where the person wants to be asked, both devices show both values and the one before, and follow the decision', async ({
  world,
}) => {
  const words = ['la casa', 'la mesa', 'la silla'];
  const { phone, laptop } = await twoDevices(world, words);
  await chooseWay(phone, 'Ask me');
  await phone.untilChip('synced');
  await bothOffline(phone, laptop);
  for (const word of words) await phone.editTranslation(word, `phone's ${word}`);
  for (const word of words) await laptop.editTranslation(word, `laptop's ${word}`);
  await oneAfterTheOther(phone, laptop);

  const onPhone = await SyncPage.open(phone);
  const onLaptop = await SyncPage.open(laptop);
  for (const screen of [onPhone, onLaptop]) {
    for (const word of words) {
      const card = screen.open(`Word “${word}”`);
      await expect(card).toContainText(`Before: translation of ${word}`);
      await expect(card).toContainText(`phone's ${word}`);
      await expect(card).toContainText(`laptop's ${word}`);
    }
    await screen.app.untilChip('attention', '3');
  }

  // Mine on the one device is theirs on the other.
  await onLaptop.decide('Word “la casa”', /^Use this: laptop's la casa$/);
  await onPhone.decide('Word “la mesa”', /^Keep this: phone's la mesa$/);
  await onPhone.decideWithOwn('Word “la silla”', 'chair, seat');
  for (const { app } of [onPhone, onLaptop]) {
    await app.untilChip('synced');
    await app.seesWord('la casa', "laptop's la casa");
    await app.seesWord('la mesa', "phone's la mesa");
    await app.seesWord('la silla', 'chair, seat');
  }
});

test('a decision that is undone is open again on both devices, with the value from before it', async ({ world }) => {
  const { phone, laptop } = await twoDevices(world, ['la casa']);
  await chooseWay(phone, 'Ask me');
  await phone.untilChip('synced');
  await bothOffline(phone, laptop);
  await phone.editTranslation('la casa', 'home');
  await laptop.editTranslation('la casa', 'household');
  await oneAfterTheOther(phone, laptop);
  const onPhone = await SyncPage.open(phone);
  const onLaptop = await SyncPage.open(laptop);

  await onPhone.decide('Word “la casa”', /^Use this: household$/);
  await expect(onLaptop.decided('Word “la casa”')).toContainText('household');
  await phone.page.getByRole('button', { name: 'Undo' }).click();
  for (const screen of [onPhone, onLaptop]) {
    await expect(screen.open('Word “la casa”')).toBeVisible();
    await expect(screen.open('Word “la casa”').getByRole('button', { name: 'Keep this: home' })).toBeVisible();
  }
  await laptop.seesWord('la casa', 'home');
});

async function twoDevices(world: World, words: readonly string[]): Promise<{ phone: AppPage; laptop: AppPage }> {
  const phone = await AppPage.withNewAccount(await world.device('phone'), ana);
  for (const word of words) await phone.addWord(word, `translation of ${word}`);
  await phone.untilChip('synced');
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  return { phone, laptop };
}

async function bothOffline(...apps: readonly AppPage[]): Promise<void> {
  for (const { device } of apps) await device.goOffline();
}

/** The first one's changes are on the server before the second one's. */
async function oneAfterTheOther(...apps: readonly AppPage[]): Promise<void> {
  for (const app of apps) {
    await app.device.goOnline();
    await expect(app.chip).toHaveAttribute('data-chip', /synced|attention/);
  }
}
