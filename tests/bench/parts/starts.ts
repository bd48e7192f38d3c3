/**
 * Part 2: cold and warm start of the app to its list of words, with 100,000 stored; against a page that opens the same file
 * with plain sqlite-wasm and runs the same query. The plain page is measured from the precache as the app is, and past the
 * service worker.
 */
import type { BrowserContext } from '@playwright/test';
import { planQuery } from '../../../src/client/db/queries.ts';
import type { Tab } from '../chromium.ts';
import { ratio, type Series } from '../figures.ts';
import type { Lab } from '../lab.ts';
import { RemoteDevice } from '../remote-device.ts';

const target = 1.3;
const account = { name: 'Ada', password: 'correct horse' };

type Way = 'app' | 'plain' | 'plainDirect';
type Starts = Record<Way, number[]>;

export async function measureStarts(lab: Lab): Promise<Series[]> {
  const words = lab.quick ? 10_000 : 100_000;
  const rounds = lab.quick ? 3 : 7;
  const port = await lab.server();
  const origin = `http://localhost:${port}`;
  lab.say(`starts: ${words} words on the server`);
  await RemoteDevice.create(origin, { ...account, words, seed: 1 });
  const profile = await lab.folder('starts');
  lab.say('starts: first load');
  const firstLoad = await fillBySync(await lab.drivenBrowser(profile), origin, words);
  const cold: Starts = { app: [], plain: [], plainDirect: [] };
  const warm: Starts = { app: [], plain: [], plainDirect: [] };
  for (let round = 0; round < rounds; round += 1) {
    lab.say(`starts: round ${round + 1} of ${rounds}`);
    for (const way of ['app', 'plain', 'plainDirect'] as const) {
      const browser = await lab.chromium(profile);
      const page = await openPage(await browser.tab(), way);
      await page.goto(address(origin, way));
      cold[way].push(await firstRows(page));
      await page.reload();
      await firstRows(page);
      await page.reload();
      warm[way].push(await firstRows(page));
      await browser.close();
    }
  }
  const stored = `${words.toLocaleString('en')} words stored`;
  return [
    { name: `first load of ${words.toLocaleString('en')} words, in the app`, unit: 'ms', samples: [firstLoad] },
    ...series(`cold start, ${stored}`, cold),
    ...series(`warm start, ${stored}`, warm, target),
  ];
}

function series(what: string, starts: Starts, limit?: number): Series[] {
  const limits = { ...(limit === undefined ? {} : { target: limit }) };
  return [
    { name: `${what}: the app`, unit: 'ms', samples: starts.app },
    { name: `${what}: plain sqlite-wasm, precached too`, unit: 'ms', samples: starts.plain },
    { name: `${what}: plain sqlite-wasm, no service worker`, unit: 'ms', samples: starts.plainDirect },
    ratio(`${what}: the app / plain, precached too`, { of: starts.app, to: starts.plain, ...limits }),
    ratio(`${what}: the app / plain, no service worker`, { of: starts.app, to: starts.plainDirect, ...limits }),
  ];
}

function address(origin: string, way: Way): string {
  if (way === 'app') return `${origin}/words`;
  const { sql } = planQuery('words.list', { search: '', limit: 50, offset: 0 });
  return `${origin}/plain.html#${encodeURIComponent(sql)}`;
}

async function openPage(page: Tab, way: Way): Promise<Tab> {
  // The same eye for all: the first word in the document, from the beginning of the navigation.
  await page.beforeScripts(() => {
    const first = new Promise<number>((resolve) => {
      new MutationObserver((_records, observer) => {
        if (!document.querySelector('a.word')) return;
        observer.disconnect();
        resolve(performance.now());
      }).observe(document, { childList: true, subtree: true });
    });
    Object.assign(globalThis, { firstRow: first });
  });
  if (way === 'plainDirect') await page.send('Network.setBypassServiceWorker', { bypass: true });
  return page;
}

function firstRows(page: Tab): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { firstRow: Promise<number> }).firstRow);
}

/** As a person's new device: signs in on the screen. From the tap until the screen counts every word. */
async function fillBySync(context: BrowserContext, origin: string, words: number): Promise<number> {
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(`${origin}/settings`);
  await page.getByRole('button', { name: 'Sign in instead' }).click();
  await page.getByLabel('Name', { exact: true }).fill(account.name);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  const started = Date.now();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: /^Words/ })
    .click();
  await page.getByText(`${words.toLocaleString('en')} words`).waitFor({ timeout: 300_000 });
  const took = Date.now() - started;
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    await navigator.locks.request('lorikeet-sync', () => undefined);
  });
  await context.close();
  return took;
}
