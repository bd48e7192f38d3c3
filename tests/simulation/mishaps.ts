/** What goes wrong, or what the browser or the person does that the app did not ask for. Gives the words for the trace. */
import type { Value } from '../../src/base/value.ts';
import type { Device, Profile } from './device.ts';
import type { Dice } from './dice.ts';
import type { Server } from './server.ts';
import type { Tab } from './tab.ts';
import type { Typed } from './typed.ts';
import type { FaultName } from './weights.ts';

const day = 86_400_000;

export interface Surroundings {
  readonly dice: Dice;
  readonly server: Server;
  readonly devices: readonly Device[];
  readonly typed: Typed;
  /** Backups of browsers, of all devices. */
  readonly profiles: Profile[];
  /** Accounts that a person may sign in to. */
  readonly users: readonly string[];
}

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
  restoreServer: (_, around) => {
    const had = held(around);
    if (!around.server.restore()) return around.server.backUp() ? 'the server is backed up' : null;
    forgetLost(around, had);
    return 'the server is restored from its backup';
  },
  compact: async (device, { server }) => {
    // A deletion is forgotten by the second visit after it.
    const first = server.compact();
    await device.scheduler.stall(140_000);
    return server.compact() || first ? 'the server forgets deletions' : 'the server has nothing to forget';
  },
  backUpDevice: (device, { profiles }) => {
    const profile = device.backUp();
    if (!profile) return null;
    profiles.push(profile);
    return 'the browser is backed up';
  },
  restoreDevice: (device, { dice, devices, profiles }) => {
    const other = dice.pick(devices);
    const profile = profiles.length > 0 && dice.chance(0.5) ? dice.pick(profiles) : other.backUp();
    if (!profile || !device.killAll()) return null;
    device.restore(profile);
    device.openTab();
    return `the browser is a copy of another, ${profile.record.view.device}`;
  },
  retire: (device, { server }) => {
    const { user, device: id } = device.record.view;
    if (user === null || !server.retire(user, id)) return null;
    device.session = null;
    return `is taken off the list as ${id}`;
  },
  refuse: (device) => {
    if (!device.killAll()) return null;
    device.refusesWords = !device.refusesWords;
    device.openTab();
    return device.refusesWords ? 'its table of words takes no rows' : 'its table of words takes rows again';
  },
};

/** What devices have in their rows, and so can bring back. */
function held({ devices }: Surroundings): ReadonlySet<Value> {
  return new Set(devices.flatMap(({ record }) => [...record.view.rows.values()].flatMap(({ values }) => values)));
}

/** What the backup lacks and no device has, nobody can bring back. */
function forgetLost({ server, typed, users }: Surroundings, had: ReadonlySet<Value>): void {
  for (const user of users) {
    const stored = JSON.stringify([...server.rowsOf(user).values()].map(({ values }) => values));
    for (const text of typed.standing(user)) if (!had.has(text) && !stored.includes(`"${text}"`)) typed.forget(text);
  }
}

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
