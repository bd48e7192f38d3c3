/** Two tabs, one database: the leader serves both, and when it goes the other takes over without losing anything. */
import { AppPage } from '../support/app-page.ts';
import { expect, test } from './world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

test('a word added in one tab shows in the other', async ({ world }) => {
  const device = await world.device('laptop');
  const first = await AppPage.firstRun(device);
  const second = await AppPage.open(device, '/words');
  await second.addWord('el vaso', 'glass');
  await first.page.bringToFront();
  await first.seesWord('el vaso', 'glass');
});

for (const way of ['is closed', 'crashes'] as const) {
  test(`when the leading tab ${way}, the other goes on without a lost query`, async ({ world }) => {
    const device = await world.device('laptop');
    const first = await AppPage.withNewAccount(device, ana);
    const second = await AppPage.open(device, '/words');
    await second.goTo('Today');
    const adding = second.addWord('el vaso', 'glass');
    if (way === 'crashes') await device.crash(first.page);
    else await first.page.close();
    await adding;
    await second.seesWord('el vaso', 'glass');
    await second.addWord('el plato', 'plate');
    await second.untilChip('synced');
  });
}

test('many writes in two tabs during hand-overs are all kept once', async ({ world }) => {
  const device = await world.device('laptop');
  let leader = await AppPage.firstRun(device);
  const words = ['uno', 'dos', 'tres', 'cuatro'];
  for (const word of words) {
    const follower = await AppPage.open(device);
    const adding = follower.addWord(word, `word ${word}`);
    await leader.page.close();
    await adding;
    leader = follower;
  }
  await leader.seesWordCount(words.length);
  for (const word of words) await expect(leader.word(word)).toBeVisible();
});
