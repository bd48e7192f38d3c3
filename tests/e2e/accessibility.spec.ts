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
/** All that the colours can break. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/** A test each, so that none is long: looking at one screen takes axe some seconds. */
const parts = [screens.slice(0, 4), screens.slice(4, 8), screens.slice(8)];

for (const part of parts) {
  test(`the screens from ${part[0]} are accessible`, async ({ world }) => {
    const device = await world.device('phone');
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

test('the welcome, an answered card and a word are accessible', async ({ world }) => {
  const device = await world.device('phone');
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

/** In light, then, of what the colours can break, in dark. */
async function violations({ page }: AppPage): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // Colours in the middle of an animation are nobody's colours.
    await page.evaluate(() =>
      Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))),
    );
    // Without it axe opens another tab for each report, and the app goes into the background.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    const result = await (colorScheme === 'light' ? axe.withTags(rules) : axe.withRules(colourRules)).analyze();
    for (const { id, nodes } of result.violations)
      found.push(`${colorScheme}: ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
  }
  return found;
}
