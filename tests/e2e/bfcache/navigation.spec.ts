/**
 * The back/forward cache keeps a left page alive with everything it holds; a pool that is opened beside such a page can
 * delete the database. Only this project has the cache on.
 */
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

test('a page left and opened again many times never loses the database', async ({ world }) => {
  const device = await world.device('phone');
  const app = await AppPage.firstRun(device);
  await app.addWord('la isla', 'island');
  for (let round = 1; round <= 6; round += 1) {
    // Away within the site, to a page without the app, and forwards to the app again.
    await app.page.goto(device.url('/api/health'));
    await app.page.goto(device.url(round % 2 === 0 ? '/words' : '/'));
    await app.untilReady();
    await app.seesWord('la isla', 'island');
    await app.addWord(`isla ${round}`, `island ${round}`);
  }
  await app.seesWordCount(7);
});

test('a page taken back out of the cache has its database again', async ({ world }) => {
  const device = await world.device('phone');
  const app = await AppPage.firstRun(device);
  await app.addWord('la isla', 'island');
  await app.page.evaluate(() => {
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) document.documentElement.dataset['restored'] = 'true';
    });
  });
  await app.page.goto('about:blank');
  await app.page.evaluate(() => {
    history.back();
  });
  await expect(app.page.locator('html')).toHaveAttribute('data-restored', 'true');
  await app.untilReady();
  await app.seesWord('la isla', 'island');
  await app.addWord('la costa', 'coast');
  await app.seesWord('la costa', 'coast');
});
