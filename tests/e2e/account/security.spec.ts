/** A passkey as a second way in, with the browser's virtual authenticator. */
import { AppPage } from '../../support/app-page.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };

async function openAccount(app: AppPage): Promise<void> {
  await app.page.goto(app.device.url('/settings/account'));
  await app.untilReady();
  await expect(app.page.getByRole('heading', { name: 'Where you are signed in' })).toBeVisible();
}

test('a passkey is added, signs in without a name, and is removed', async ({ world }) => {
  const device = await world.device('phone');
  const phone = await AppPage.withNewAccount(device, ana);
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
});
