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
  const showsTheWord = async (path: string): Promise<void> => {
    await expect(app.page).toHaveURL(device.url(path));
    await expect(app.page.getByRole('main').getByText('la isla')).toBeVisible();
  };
  const documents = ['/words', '/review', '/words', '/review'];
  for (const path of documents) {
    await app.page.goto(device.url(path));
    await showsTheWord(path);
  }
  const [, ...later] = documents;
  const [, ...earlier] = documents.toReversed();
  const steps = [...earlier.map((path) => ({ path, by: -1 })), ...later.map((path) => ({ path, by: 1 }))];
  for (const { path, by } of steps) {
    await app.page.evaluate((entries) => history.go(entries), by).catch(() => undefined);
    await showsTheWord(path);
  }
  await app.addWord('la costa', 'coast');
  await app.seesWordCount(2);
});
