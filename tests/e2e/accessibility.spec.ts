/** axe-core on every screen, in light and dark: no violation of WCAG 2.2 AA. */
import AxeBuilder from '@axe-core/playwright';
import { AppPage } from '../support/app-page.ts';
import { expect, test } from './world.ts';

const screens = [
  '/',
  '/words',
  '/words/add',
  '/review',
  '/talk',
  '/read',
  '/read/add',
  '/settings',
  '/settings/account',
  '/sync',
  '/nowhere',
];
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** A test each, so that none is long: looking at one screen takes axe some seconds. */
const parts = [screens.slice(0, 4), screens.slice(4, 8), screens.slice(8)];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const part of parts) {
    test(`the screens from ${part[0]} are accessible in ${colorScheme}`, async ({ world }) => {
      test.setTimeout(120_000);
      const device = await world.device('phone', { colorScheme });
      const app = await AppPage.firstRun(device);
      await app.addWord('la mesa', 'table');
      for (const path of part) {
        await app.page.goto(device.url(path));
        await app.untilReady();
        await expect(app.page.getByRole('heading', { level: 1 })).toBeVisible();
        expect(await violations(app), path).toEqual([]);
      }
    });
  }

  test(`the welcome, an answered card and a word are accessible in ${colorScheme}`, async ({ world }) => {
    test.setTimeout(120_000);
    const device = await world.device('phone', { colorScheme });
    const welcome = await AppPage.open(device);
    expect(await violations(welcome)).toEqual([]);
    await welcome.page.close();

    const app = await AppPage.firstRun(device);
    await app.addWord('la mesa', 'table');
    await app.page.goto(device.url('/review'));
    await app.page.getByRole('button', { name: 'Show answer' }).click();
    expect(await violations(app), 'an answered card').toEqual([]);
    await app.goTo('Words');
    await app.word('la mesa').click();
    await expect(app.page.getByRole('button', { name: 'Save' })).toBeVisible();
    expect(await violations(app), 'a word').toEqual([]);
  });
}

async function violations(app: AppPage): Promise<string[]> {
  // Colours in the middle of an animation are nobody's colours.
  await app.page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))),
  );
  const result = await new AxeBuilder({ page: app.page }).withTags(rules).analyze();
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}
