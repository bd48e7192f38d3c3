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
  // The page that would answer is gone at once.
  await app.page.evaluate(() => history.back()).catch(() => undefined);
  await expect(app.page.locator('html')).toHaveAttribute('data-restored', 'true');
  await app.untilReady();
  await app.seesWord('la isla', 'island');
  await app.addWord('la costa', 'coast');
  await app.seesWord('la costa', 'coast');
});

test('documents of the app in one history give the database to and fro', async ({ world }) => {
  const device = await world.device('phone');
  const app = await AppPage.firstRun(device);
  await app.addWord('la isla', 'island');
  const documents = ['/words?1', '/words?2', '/words?3', '/words?4'].map((path) => device.url(path));
  for (const document of documents) {
    await app.page.goto(document);
    await expect(app.word('la isla')).toBeVisible();
  }
  const backAndForth = [...documents.slice(0, -1).reverse(), ...documents.slice(1)];
  for (const [step, document] of backAndForth.entries()) {
    const by = step < documents.length - 1 ? -1 : 1;
    await app.page.evaluate((steps) => history.go(steps), by).catch(() => undefined);
    await expect(app.page).toHaveURL(document);
    await expect(app.word('la isla')).toBeVisible();
  }
  await app.addWord('la costa', 'coast');
  await app.seesWordCount(2);
});
