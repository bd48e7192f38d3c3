/** What can happen in a step besides the next task: something that a person does, or something that goes wrong. */
import { deeds as allDeeds } from './deeds.ts';
import type { Device } from './device.ts';
import type { Dice } from './dice.ts';
import { mishaps, type Surroundings } from './mishaps.ts';
import { deedWeights, faultWeights, type DeedName, type FaultName } from './weights.ts';

/** Few, so that devices meet in the same rows. */
const words = ['uno', 'dos', 'tres', 'quatro'];

/** How often things happen, drawn for each run: some not at all, some a lot, so that runs differ in kind. */
export interface Habits {
  readonly deeds: Readonly<Record<DeedName, number>>;
  readonly faults: Readonly<Record<FaultName, number>>;
  /** Words that are added. */
  readonly words: readonly string[];
}

export function drawHabits(dice: Dice, often: readonly string[] = []): Habits {
  const vary = <K extends string>(weights: Readonly<Record<K, number>>): Record<K, number> =>
    Object.fromEntries(
      Object.entries<number>(weights).map(([name, weight]) => [name, weight * dice.pick([0, 0.5, 1, 1, 5])]),
    ) as Record<K, number>;
  const deeds = { ...vary(deedWeights), add: dice.pick([1, 4]), edit: dice.pick([4, 12]) };
  const faults = vary(faultWeights);
  for (const name of Object.keys(faults) as FaultName[]) if (often.includes(name)) faults[name] = oftenWeights.fault;
  for (const name of Object.keys(deeds) as DeedName[]) if (often.includes(name)) deeds[name] = oftenWeights.deed;
  return { deeds, faults, words: words.slice(0, dice.pick([1, 2, 4])) };
}

/** About as much as all others together. */
const oftenWeights = { fault: 40, deed: 15 };

export interface Scene extends Surroundings {
  readonly habits: Habits;
}

/** A person's action. Gives what it was, or null when it was not possible. */
export function actAsPerson({ devices, typed, dice, habits }: Scene): string | null {
  const device = dice.pick(devices);
  const tab = device.visibleTab(dice);
  // Who has left the app comes back some time.
  if (!tab) return dice.chance(0.3) ? openApp(device) : null;
  const done: string[] = [];
  for (let more = dice.below(3); more >= 0; more -= 1) {
    const at = device.clock.now();
    const deed = allDeeds[dice.weighted(habits.deeds)]({ device, tab, typed, dice, at, words: habits.words });
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

/** Something goes wrong, or the browser or the person does what the app did not ask for. */
export async function meetFault(scene: Scene): Promise<string | null> {
  const { devices, dice } = scene;
  const device = dice.pick(devices);
  const fault = dice.weighted(scene.habits.faults);
  const said = await mishaps[fault](device, scene);
  return said === null ? null : `${device.name}: ${said}`;
}
