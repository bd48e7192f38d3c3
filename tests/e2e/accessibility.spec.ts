/**
 * axe-core on every screen, in light and dark: no violation of WCAG 2.2 AA. On the smallest phone nothing is cut off, and
 * whatever is tapped is as large as a finger.
 */
import AxeBuilder from '@axe-core/playwright';
import { AppPage } from '../support/app-page.ts';
import { expect, test } from './world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
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

test('what an account adds to the settings is accessible', async ({ world }) => {
  const device = await world.device('laptop');
  const app = await AppPage.withNewAccount(device, ana);
  await app.addWord('la mesa', 'table');
  await app.page.goto(device.url('/settings'));
  await expect(app.page.getByText('May Lorikeet tell you')).toBeVisible();
  expect(await violations(app), 'settings').toEqual([]);
  await app.page.goto(device.url('/settings/disagreements'));
  await app.untilReady();
  expect(await violations(app), 'disagreements').toEqual([]);
  await device.network.set('refuse');
  await app.page.goto(device.url('/sync'));
  await app.untilChip('offline');
  expect(await violations(app), 'sync without a network').toEqual([]);
});

test('the devices are accessible, with what is asked before one is removed, and without a network', async ({
  world,
}) => {
  const device = await world.device('laptop');
  const app = await AppPage.withNewAccount(device, ana);
  await AppPage.joining(await world.device('phone'), ana);
  await app.page.goto(device.url('/settings/account'));
  await app.page.getByRole('button', { name: /^Remove / }).click();
  await expect(app.page.getByRole('dialog')).toBeVisible();
  expect(await violations(app), 'a device is to be removed').toEqual([]);
  await app.page.getByRole('button', { name: 'Keep it' }).click();
  expect(await violations(app), 'devices').toEqual([]);
  await device.network.set('refuse');
  await app.page.goto(device.url('/settings/account'));
  await expect(app.page.getByText('No connection')).toBeVisible();
  expect(await violations(app), 'devices without a network').toEqual([]);
});

test('a conversation, a text and a word of it are accessible', async ({ world }) => {
  const device = await world.device('phone');
  const app = await AppPage.firstRun(device);
  await app.goTo('Talk');
  await app.page.getByRole('button', { name: /At the café/ }).click();
  await expect(app.page.getByRole('list', { name: 'Messages' })).not.toBeEmpty();
  expect(await violations(app), 'a conversation').toEqual([]);
  await app.page.goto(device.url('/read/add'));
  await app.page.getByLabel('Text', { exact: true }).fill('El perro duerme. La casa es blanca.');
  await app.page.getByRole('button', { name: /^Save/ }).click();
  await app.page.getByRole('link', { name: /^El perro duerme/ }).click();
  await expect(app.page.getByText('Tap a word to keep it.')).toBeVisible();
  expect(await violations(app), 'a text').toEqual([]);
  await app.page
    .locator('article p')
    .first()
    .click({ position: { x: 10, y: 12 } });
  await expect(app.page.getByRole('dialog')).toBeVisible();
  expect(await violations(app), 'a word of a text').toEqual([]);
});

/** In light, then, of what the colours can break, in dark; and in dark on a small phone. */
async function violations(app: AppPage): Promise<string[]> {
  const { page } = app;
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
  await page.setViewportSize({ width: 360, height: 640 });
  // The window is as wide at once; what is in it follows.
  await expect.poll(() => page.evaluate(misfits), page.url()).toEqual([]);
  await page.setViewportSize({ width: 1280, height: 720 });
  return found;
}

/** Runs in the page. What sticks out of the window, and what is too small to tap: under 44 pixels, links in a text apart. */
function misfits(): string[] {
  const { clientWidth, scrollWidth } = document.documentElement;
  // With the room that a scrollbar takes on a desktop: a phone lays it over the page.
  const { innerWidth } = window;
  const found = scrollWidth > clientWidth ? [`the page is ${scrollWidth} pixels wide`] : [];
  for (const control of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    const { width, height, right } = control.getBoundingClientRect();
    const style = getComputedStyle(control);
    const hidden = width === 0 || style.visibility === 'hidden' || style.clipPath !== 'none';
    if (hidden || style.display === 'inline') continue;
    const name = `${control.tagName} “${control.textContent.trim() || control.getAttribute('aria-label')}”`;
    const label = control.closest('label')?.getBoundingClientRect();
    const [across, down] = [Math.max(width, label?.width ?? 0), Math.max(height, label?.height ?? 0)];
    if (across < 44 || down < 44) found.push(`small: ${name} is ${across} × ${down}`);
    if (right > innerWidth) found.push(`cut off: ${name} ends at ${right} of ${innerWidth}`);
  }
  return found;
}
