/** What can happen in a step besides the next task: something that a person does, or something that goes wrong. */
import type { Device } from './device.ts';
import type { Dice } from './dice.ts';
import type { Server } from './server.ts';
import type { Tab } from './tab.ts';
import type { Typed } from './typed.ts';
import type { DeviceRow } from './view.ts';

/** Few, so that devices meet in the same rows. */
const words = ['uno', 'dos', 'tres', 'quatro'];
const settingKeys = ['theme', 'goal'];
const day = 86_400_000;

/** How often things happen, drawn for each run: some not at all, some a lot, so that runs differ in kind. */
export interface Habits {
  readonly deeds: Readonly<Record<DeedName, number>>;
  readonly faults: Readonly<Record<FaultName, number>>;
  /** Words that are added. */
  readonly words: readonly string[];
}

export function drawHabits(dice: Dice): Habits {
  const vary = <K extends string>(weights: Readonly<Record<K, number>>): Record<K, number> =>
    Object.fromEntries(
      Object.entries<number>(weights).map(([name, weight]) => [name, weight * dice.pick([0, 0.5, 1, 1, 5])]),
    ) as Record<K, number>;
  const deeds = { ...vary(deedWeights), add: dice.pick([1, 4]), edit: dice.pick([4, 12]) };
  return { deeds, faults: vary(faultWeights), words: words.slice(0, dice.pick([1, 2, 4])) };
}

export interface Scene {
  readonly devices: readonly Device[];
  readonly server: Server;
  readonly typed: Typed;
  readonly dice: Dice;
  /** Accounts that a person may sign in to. */
  readonly users: readonly string[];
  readonly habits: Habits;
}

const deedWeights = {
  add: 5,
  edit: 6,
  delete: 2,
  replace: 1,
  start: 1,
  send: 3,
  rename: 1,
  deleteConversation: 0.4,
  review: 2,
  setting: 2,
  profile: 0.7,
};
type DeedName = keyof typeof deedWeights;

/** A person's action. Gives what it was, or null when it was not possible. */
export function actAsPerson({ devices, typed, dice, habits }: Scene): string | null {
  const device = dice.pick(devices);
  const tab = visibleTab(device, dice);
  // Who has left the app comes back some time.
  if (!tab) return dice.chance(0.3) ? openApp(device) : null;
  const done: string[] = [];
  for (let more = dice.below(3); more >= 0; more -= 1) {
    const at = device.clock.now();
    const deed = deeds[dice.weighted(habits.deeds)]({ device, tab, typed, dice, at, words: habits.words });
    if (deed !== null) done.push(deed);
  }
  return done.length === 0 ? null : `${tab.page.name}: ${done.join(', ')}`;
}

function openApp(device: Device): string {
  const [hidden] = device.tabs;
  if (hidden) hidden.become('shown');
  else device.openTab();
  return `${device.name}: the app is ${hidden ? 'shown' : 'opened'}`;
}

interface Deed {
  readonly device: Device;
  readonly tab: Tab;
  readonly typed: Typed;
  readonly dice: Dice;
  readonly at: number;
  readonly words: readonly string[];
}

const deeds: Record<DeedName, (deed: Deed) => string | null> = {
  add: ({ device, tab, typed, dice, at, words: known }) => {
    const word = dice.pick(known);
    device.mutate(tab, 'words.add', { language: 'es', words: [{ word, translation: typed.next() }], at });
    return `adds the word ${word}`;
  },
  edit: ({ device, tab, typed, dice }) => {
    const row = pickRow(device, 'vocabulary_item', dice);
    if (!row) return null;
    const [, word, translation, note] = row.values as string[];
    const column = dice.pick(['word', 'translation', 'note', 'note']);
    const text = typed.next();
    const texts = { word: word!, translation: translation!, note: note!, [column]: text };
    device.mutate(tab, 'words.edit', { id: row.id, ...texts });
    return `edits ${column} of word ${row.id.slice(-4)} to "${text}"`;
  },
  delete: ({ device, tab, dice }) => {
    const row = pickRow(device, 'vocabulary_item', dice);
    if (!row) return null;
    device.mutate(tab, 'words.delete', { id: row.id });
    return `deletes word ${row.id.slice(-4)}`;
  },
  replace: ({ device, tab, typed, dice, at }) => {
    const { rows, outbox } = device.record.view;
    const fresh = [...rows].filter(([key, row]) => row.table === 'vocabulary_item' && outbox.get(key)?.op === 'insert');
    const row = fresh.length > 0 ? dice.pick(fresh)[1] : pickRow(device, 'vocabulary_item', dice);
    if (!row) return null;
    const word = String(row.values[1]);
    device.mutate(tab, 'words.delete', { id: row.id });
    device.mutate(tab, 'words.add', { language: 'es', words: [{ word, translation: typed.next() }], at });
    device.mutate(tab, 'words.edit', { id: row.id, word, translation: typed.next(), note: '' });
    return `deletes word ${row.id.slice(-4)}, adds it anew and edits it`;
  },
  start: ({ device, tab, typed, at }) => {
    const id = device.newId();
    device.mutate(tab, 'conversations.start', { id, title: typed.next(), language: 'es', scenario: '', at });
    return `starts conversation ${id}`;
  },
  send: ({ device, tab, typed, dice, at }) => {
    const row = pickRow(device, 'conversation', dice);
    if (!row) return null;
    const author = dice.pick(['learner', 'tutor'] as const);
    const text = typed.next();
    device.mutate(tab, 'messages.send', { id: device.newId(), conversationId: row.id, author, body: text, at });
    return `sends "${text}"`;
  },
  rename: ({ device, tab, typed, dice }) => {
    const row = pickRow(device, 'conversation', dice);
    if (!row) return null;
    device.mutate(tab, 'conversations.rename', { id: row.id, title: typed.next() });
    return `renames conversation ${row.id}`;
  },
  deleteConversation: ({ device, tab, dice }) => {
    const row = pickRow(device, 'conversation', dice);
    if (!row) return null;
    device.mutate(tab, 'conversations.delete', { id: row.id });
    return `deletes conversation ${row.id}`;
  },
  review: ({ device, tab, dice }) => {
    const row = pickRow(device, 'vocabulary_item', dice);
    if (!row) return null;
    const rating = dice.pick([1, 2, 3, 4] as const);
    // ts-fsrs throws for an answer before the last one, as by a clock that was set back: here no clock goes back.
    const after = device.scheduler.now + 10 * day;
    const review = { reviewId: device.newId(), wordId: row.id, rating, at: after, duration: 900 };
    device.mutate(tab, 'reviews.grade', review);
    return `reviews word ${row.id.slice(-4)}`;
  },
  setting: ({ device, tab, typed, dice }) => {
    const key = dice.pick(settingKeys);
    const value = typed.next();
    device.mutate(tab, 'settings.put', { key, value });
    return `sets ${key} to "${value}"`;
  },
  profile: ({ device, tab, typed, at }) => {
    const displayName = typed.next();
    device.mutate(tab, 'profile.save', { displayName, nativeLanguage: 'en', targetLanguage: 'es', at });
    return `is called "${displayName}"`;
  },
};

const faultWeights = {
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

type FaultName = keyof typeof faultWeights;

/** Something goes wrong, or the browser or the person does what the app did not ask for. */
export async function meetFault(scene: Scene): Promise<string | null> {
  const { devices, dice } = scene;
  const device = dice.pick(devices);
  const fault = dice.weighted(scene.habits.faults);
  const said = await mishaps[fault](device, scene);
  return said === null ? null : `${device.name}: ${said}`;
}

const mishaps: Record<FaultName, (device: Device, scene: Scene) => string | null | Promise<string>> = {
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
    const tab = visibleTab(device, dice);
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

function visibleTab(device: Device, dice: Dice): Tab | null {
  const visible = device.tabs.filter((tab) => tab.visible);
  return visible.length > 0 ? dice.pick(visible) : null;
}

function pickRow(device: Device, table: string, dice: Dice): DeviceRow | null {
  const rows = [...device.record.view.rows.values()].filter((row) => row.table === table);
  return rows.length > 0 ? dice.pick(rows) : null;
}
