/** A passkey as a second way in, with the browser's virtual authenticator; and everything of the account as a file. */
import type { Page } from '@playwright/test';
import Database from 'better-sqlite3';
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

async function openAccount(app: AppPage): Promise<void> {
  await app.page.goto(app.device.url('/settings/account'));
  await app.untilReady();
  await expect(app.page.getByRole('heading', { name: 'Devices' })).toBeVisible();
}

/** The file that a button of the page gives to the browser, which is left alone here and so tells of no download. */
async function savedBy(page: Page, button: string): Promise<{ name: string; bytes: Buffer }> {
  const saved = page.evaluate(
    () =>
      new Promise<{ name: string; base64: string }>((resolve, reject) => {
        const make = URL.createObjectURL.bind(URL);
        let file = new Blob();
        URL.createObjectURL = (object) => make((file = object as Blob));
        HTMLAnchorElement.prototype.click = function () {
          const reader = new FileReader();
          reader.onload = () => resolve({ name: this.download, base64: (reader.result as string).split(',')[1] ?? '' });
          reader.onerror = () => reject(new Error('The file cannot be read.'));
          reader.readAsDataURL(file);
        };
      }),
  );
  await page.getByRole('button', { name: button }).click();
  const { name, base64 } = await saved;
  return { name, bytes: Buffer.from(base64, 'base64') };
}

test('a passkey is added, signs in without a name, and is removed; all words are saved as a file', async ({
  world,
}) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
  await phone.addWord('el búho', 'owl');
  await phone.untilChip('synced');
  const devtools = await device.context.newCDPSession(phone.page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await openAccount(phone);
  await phone.page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(phone.page.getByRole('status').filter({ hasText: 'The passkey was added.' })).toBeVisible();
  await phone.signOut('keep');

  await phone.page.goto(device.url('/settings'));
  await phone.untilReady();
  await phone.page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await phone.untilChip('synced');

  await openAccount(phone);
  await expect(phone.page.getByText('Last used just now')).toBeVisible();
  await phone.page.getByRole('button', { name: /^Edit / }).click();
  await phone.page.getByLabel('Name of the passkey').fill('Blue key');
  await phone.page.getByRole('button', { name: 'Save', exact: true }).click();
  await phone.page.getByRole('button', { name: 'Edit Blue key' }).click();
  await phone.page.getByRole('button', { name: 'Remove this passkey' }).click();
  await expect(phone.page.getByRole('button', { name: 'Edit Blue key' })).toBeHidden();

  const json = await savedBy(phone.page, 'Save as JSON');
  expect(json.name).toMatch(/^lorikeet-\d{4}-\d\d-\d\d\.json$/);
  const { tables } = JSON.parse(json.bytes.toString()) as { tables: Record<string, object[]> };
  expect(tables['vocabulary_item']).toMatchObject([{ word: 'el búho', translation: 'owl' }]);
  const sqlite = await savedBy(phone.page, 'Save as SQLite');
  expect(sqlite.name).toMatch(/\.sqlite$/);
  const database = new Database(sqlite.bytes);
  const words = database.prepare('SELECT word, translation FROM vocabulary_item').raw().all();
  database.close();
  expect(words).toEqual([['el búho', 'owl']]);
});
