/**
 * What every end-to-end test starts from: its own server, and as many devices as it asks for, each behind its own network.
 * A page that complains fails its test.
 */
import { expect, test as base } from '@playwright/test';
import { AppServer } from '../support/app-server.ts';
import { BrowserPool } from '../support/device-browser.ts';
import { Device, type DeviceOptions } from '../support/device.ts';
import { NetProxy } from '../support/netproxy.ts';

export interface WorldOptions {
  readonly deviceKind: 'desktop' | 'phone';
  readonly backForwardCache: boolean;
}

export interface World {
  readonly server: AppServer;
  /** A new device: a browser profile that never saw the app. */
  device(name: string, options?: Pick<DeviceOptions, 'lastOfBrowser'>): Promise<Device>;
}

export const test = base.extend<WorldOptions & { world: World }, { browsers: BrowserPool }>({
  browsers: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads from the pattern what a fixture needs.
    async ({}, use) => {
      const browsers = new BrowserPool();
      await use(browsers);
      await browsers.close();
    },
    { scope: 'worker' },
  ],
  deviceKind: ['desktop', { option: true }],
  backForwardCache: [false, { option: true }],

  world: async ({ browsers, deviceKind, backForwardCache }, use, testInfo) => {
    const server = await AppServer.start();
    const devices: Device[] = [];
    await use({
      server,
      async device(name, options = {}) {
        const network = await NetProxy.start(server.port);
        const device = await Device.start({ name, kind: deviceKind, backForwardCache, network, browsers, ...options });
        devices.push(device);
        return device;
      },
    });
    const failed = testInfo.status !== testInfo.expectedStatus;
    if (failed) {
      for (const device of devices) await attachPictures(device, testInfo);
      await testInfo.attach('server output', { body: server.output, contentType: 'text/plain' });
    }
    const complaints = devices.flatMap((device) => device.complaints);
    for (const device of devices) await device.close(failed);
    for (const { network } of devices) await network.close();
    await server.close();
    expect(complaints, 'errors that pages reported').toEqual([]);
  },
});

async function attachPictures(
  device: Device,
  testInfo: { attach: (name: string, part: { body: Buffer; contentType: string }) => Promise<void> },
): Promise<void> {
  for (const [index, page] of device.context.pages().entries()) {
    if (page.url() === 'about:blank') continue;
    // A page that crashed or is frozen cannot be pictured.
    const body = await page.screenshot({ timeout: 3_000 }).catch(() => null);
    if (body) await testInfo.attach(`${device.name}-${index}.png`, { body, contentType: 'image/png' });
  }
}

export { expect };
