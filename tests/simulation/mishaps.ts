/** What goes wrong, or what the browser or the person does that the app did not ask for. Gives the words for the trace. */
import type { Device } from './device.ts';
import type { Dice } from './dice.ts';
import type { Server } from './server.ts';
import type { Tab } from './tab.ts';

const day = 86_400_000;

export interface Surroundings {
  readonly dice: Dice;
  readonly server: Server;
  /** Accounts that a person may sign in to. */
  readonly users: readonly string[];
}

export const faultWeights = {
  killTab: 2,
  killWorker: 3,
  tearCommit: 3,
  killServiceWorker: 5,
  restartServer: 1.5,
  partition: 2,
  clock: 3,
  leave: 8,
  disk: 1.5,
  visibility: 5,
  freeze: 1,
  openTab: 2,
  stall: 2,
  syncEvent: 5,
  account: 2,
  session: 0.5,
};

export type FaultName = keyof typeof faultWeights;

export const mishaps: Record<FaultName, (device: Device, around: Surroundings) => string | null | Promise<string>> = {
  killTab: (device, { dice }) => {
    if (device.tabs.length === 0) return null;
    const tab = dice.pick(device.tabs);
    device.closeTab(tab);
    return `${tab.page.name} is killed`;
  },
  killWorker: (device, { dice }) => {
    const worker = device.tabs.length > 0 ? dice.pick(device.tabs).worker : null;
    if (!worker?.process.alive) return null;
    worker.terminate();
    return `${worker.process.name} is killed`;
  },
  tearCommit: (device, { dice }) => {
    device.disk.tear = dice.next();
    return 'the next commit is torn by a kill';
  },
  killServiceWorker: (device) => {
    if (!device.serviceWorker) return null;
    device.killServiceWorker();
    return 'the service worker is killed';
  },
  restartServer: (_, { server }) => {
    server.restart();
    return 'the server is killed and starts again';
  },
  partition: (device) => {
    device.partitioned = !device.partitioned;
    return device.partitioned ? 'loses the network' : 'has the network again';
  },
  clock: (device, { dice }) => {
    const reach = dice.pick([5_000, 4 * 60_000, 10 * 60_000, 3 * day]);
    device.clockError = Math.round((dice.next() - 0.5) * 2 * reach);
    return `its clock is off by ${Math.round(device.clockError / 1_000)} s`;
  },
  disk: (device) => {
    device.disk.full = !device.disk.full;
    return device.disk.full ? 'the disk is full' : 'the disk has room again';
  },
  visibility: (device, { dice }) => {
    if (device.tabs.length === 0) return null;
    const tab = dice.pick(device.tabs);
    tab.become(tab.visible ? 'hidden' : 'shown');
    return `${tab.page.name} is ${tab.visible ? 'shown' : 'hidden'}`;
  },
  leave: (device, { dice }) => {
    // Swiped away, or in the background until the page gives the database up; the browser syncs some time later.
    const way = dice.pick(['closed', 'gone', 'hidden'] as const);
    for (const tab of [...device.tabs]) {
      if (way === 'closed') device.closeTab(tab);
      else tab.become(way);
    }
    const later = dice.pick([0, 5_000, 30_000]);
    const wake = (): void => device.wakeToSync();
    device.scheduler.after(later, { owner: device.browser, label: 'has a moment for syncing', run: wake });
    return `the app is left (${way})`;
  },
  freeze: (device, { dice }) => {
    if (device.tabs.length === 0) return null;
    const tab = dice.pick(device.tabs);
    tab.become('gone');
    return `${tab.page.name} is frozen`;
  },
  openTab: (device) => {
    if (device.tabs.length >= 2) return null;
    device.openTab();
    return 'a tab is opened';
  },
  stall: async (device, { dice }) => {
    const time = dice.pick([500, 5_000, 20_000, 60_000]);
    await device.scheduler.stall(time);
    return `everything stalls for ${time} ms`;
  },
  syncEvent: (device, { dice }) => {
    const direction = dice.pick(['both', 'both', 'up', 'down'] as const);
    device.wakeToSync(direction);
    return `a sync event (${direction})`;
  },
  account: (device, { dice, users }) => {
    const tab = device.visibleTab(dice);
    if (!tab) return null;
    const { user } = device.record.view;
    return user === null || dice.chance(0.4) ? signIn(device, tab, dice.pick(users)) : signOut(device, tab, dice);
  },
  session: (device) => {
    device.session = null;
    return 'the session ends';
  },
};

export function signIn(device: Device, tab: Tab, user: string): string {
  device.session = user;
  device.mutate(tab, 'account.attach', { userId: user, name: user });
  device.wakeToSync();
  return `${tab.page.name} signs in as ${user}`;
}

function signOut(device: Device, tab: Tab, dice: Dice): string {
  const rows = dice.pick(['keep', 'remove', 'remove'] as const);
  device.session = null;
  device.mutate(tab, 'account.detach', { rows });
  return `${tab.page.name} signs out, rows: ${rows}`;
}
