/** A server that refuses, resets, hangs, answers half, or whose reply is lost: nothing is lost, sync goes on by itself. */
import { AppPage } from '../../support/app-page.ts';
import type { NetMode, ReplyFault } from '../../support/netproxy.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const sync = 'POST /api/sync';

test('a server that refuses or resets keeps the change waiting, and sync goes on by itself', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);

  for (const mode of ['refuse', 'reset'] satisfies NetMode[]) {
    await device.network.set(mode);
    await phone.addWord(`el ${mode}`, `a ${mode}`);
    await expect(phone.chip).toContainText('waiting');
    await phone.seesWord(`el ${mode}`);

    await device.network.set('up');
    await laptop.seesWord(`el ${mode}`, `a ${mode}`);
    await phone.untilChip('synced');
  }
});

test('a server that hangs is given up after a while, and sync goes on by itself', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);

  await device.network.set('hang');
  await phone.addWord('el faro', 'lighthouse');
  await phone.seesWord('el faro');
  await phone.goToSync();
  // Two minutes would be a hang of the app; its own patience is half a minute.
  await expect(phone.page.getByRole('main')).toContainText('No answer in time', { timeout: 45_000 });

  await device.network.set('up');
  await laptop.seesWord('el faro', 'lighthouse');
  await phone.untilChip('synced');
});

test('a push whose reply is lost or comes half is sent again and changes nothing twice', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  const laptop = await AppPage.joining(await world.device('laptop'), ana);

  for (const [index, fault] of (['lost', 'half'] satisfies ReplyFault[]).entries()) {
    device.network.fail(sync, fault, 2);
    const before = device.network.count(sync);
    await phone.addWord(`el faro ${fault}`, 'lighthouse');
    await expect.poll(() => device.network.count(sync)).toBeGreaterThanOrEqual(before + 3);
    await phone.untilChip('synced');
    await laptop.seesWord(`el faro ${fault}`, 'lighthouse');
    await laptop.seesWordCount(index + 1);
  }
  await phone.goToSync();
  await expect(phone.page.getByRole('main')).toContainText(/Conflicts 0(?!\d)/);
});

test('a server that was stopped and started again gets what waited', async ({ world }) => {
  const phone = await AppPage.withNewAccount(await world.device('phone'), ana);
  expect(await world.server.stop()).toBe(0);
  await phone.addWord('el faro', 'lighthouse');
  await expect(phone.chip).toContainText('waiting');
  await world.server.run();
  await phone.untilChip('synced');
  const laptop = await AppPage.joining(await world.device('laptop'), ana);
  await laptop.seesWord('el faro', 'lighthouse');
});
