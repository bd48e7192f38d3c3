/**
 * A simulation: devices and a server in virtual time, from one seed. Chance decides in every step whether a person acts,
 * something goes wrong, or the next task runs; then the checks. In the end all is healed, and everyone must agree.
 */
import path from 'node:path';
import type { Schema } from '../../src/schema/schema.ts';
import { currentSchema } from '../../src/schema/tables.ts';
import { nextSchema } from '../support/next-schema.ts';
import { actAsPerson, drawHabits, meetFault, type Habits, type Scene } from './actions.ts';
import { checkEnd } from './end-checks.ts';
import { Device, type Profile } from './device.ts';
import { Dice } from './dice.ts';
import { Disk } from './disk.ts';
import type { Lab } from './lab.ts';
import { signIn } from './mishaps.ts';
import { Network } from './network.ts';
import type { Plant } from './plant.ts';
import { Scheduler, withGlobals } from './scheduler.ts';
import { openMemoryServer, openSqliteServer, productMerge } from './server-stores.ts';
import { Server } from './server.ts';
import { Typed } from './typed.ts';
import { Verdict } from './verdict.ts';

export interface RunOptions {
  readonly seed: number;
  readonly lab: Lab;
  /** Steps before all is healed. */
  readonly steps?: number;
  /** Steps left out, for shrinking: the others throw as before. */
  readonly omit?: ReadonlySet<number>;
  readonly plant?: Plant;
  /** The server refuses requests with more changes than this. */
  readonly mostChanges?: number;
  /** Devices are updated to the next version of the app at some time; the server is of that version, or not yet. */
  readonly updates?: boolean;
  /** The server is the memory server, whatever chance says. */
  readonly memory?: boolean;
}

export interface RunResult {
  /** The broken invariant, or null. */
  readonly violation: string | null;
  /** The step after which it was found; steps of the healing count on. */
  readonly step: number;
  readonly trace: readonly string[];
  /** Steps in which a person acted or something went wrong. */
  readonly events: readonly number[];
}

export const defaultSteps = 160;
/** More than any run needs to come to rest. */
const mostHealingSteps = 20_000;
const users = ['ana', 'ben'];
/** Milliseconds that a coarse clock stands still; less than what counts as a wrong clock. */
const standingClock = 1_900;

export async function runSimulation(options: RunOptions): Promise<RunResult> {
  const world = new World(options);
  const { scheduler } = world;
  const directories = {
    getDirectoryHandle: (name: string) => Promise.resolve(world.devices.find((device) => device.name === name)!.pool),
  };
  const getDirectory = () => Promise.resolve(directories as unknown as FileSystemDirectoryHandle);
  try {
    return await withGlobals({ scheduler, getDirectory }, () => world.run());
  } finally {
    world.close();
  }
}

class World {
  readonly scheduler: Scheduler;
  readonly devices: Device[];
  readonly #options: RunOptions;
  readonly #verdict = new Verdict();
  readonly #typed = new Typed();
  readonly #server: Server;
  readonly #network: Network;
  readonly #trace: string[] = [];
  readonly #events: number[] = [];
  readonly #rates: { readonly person: number; readonly fault: number };
  readonly #accounts: readonly string[];
  readonly #habits: Habits;
  readonly #profiles: Profile[] = [];
  #dice: Dice;
  #step = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    const { seed, lab, plant = {}, memory = plant.merge !== undefined, mostChanges = Infinity } = options;
    const { updates = false } = options;
    const dice = (this.#dice = new Dice(seed, 0));
    this.scheduler = new Scheduler(1_800_000_000_000);
    this.#rates = { person: 0.1 + 0.3 * dice.next(), fault: 0.02 + 0.16 * dice.next() };
    this.#habits = drawHabits(dice, plant.often);
    this.#accounts = dice.chance(0.3) ? users : users.slice(0, 1);
    const { scheduler } = this;
    const verdict = this.#verdict;
    let ids = 0;
    const newId = () => `server-${String((ids += 1))}`;
    const store =
      memory || (dice.chance(0.25) && !updates)
        ? openMemoryServer({ merge: plant.merge ?? productMerge, verdict })
        : openSqliteServer({ empty: lab.emptyServer, users, newId, schema: this.#serverSchema() });
    const pageRows = dice.pick([1, 2, 5, 5_000]);
    const { request, answer } = plant;
    this.#server = new Server({ store, scheduler, verdict, pageRows, mostChanges, request, answer });
    const trace = (line: string): void => this.#note(`    ${line}`);
    this.#network = new Network({ scheduler, server: () => this.#server, dice: () => this.#dice, trace });
    this.#network.faults = dice.pick([0, 0.1, 0.3, 0.6]);
    const clockSteps = dice.pick([1, standingClock]);
    const clockStep = plant.ties ? standingClock : clockSteps;
    this.devices = Array.from({ length: dice.pick([2, 2, 3]) }, (_, index) => {
      const name = `device-${index + 1}`;
      const disk = new Disk({
        path: path.join(lab.directory, `${name}.db`),
        empty: lab.emptyFile(plant.schema ?? []),
        foldAt: dice.pick([8, 1_000]),
        verdict,
      });
      return new Device({
        name,
        scheduler,
        disk,
        sqlite3: lab.sqlite3[index]!,
        network: this.#network,
        server: this.#server,
        verdict,
        typed: this.#typed,
        plant,
        dice: () => this.#dice,
        trace,
        clockStep,
      });
    });
  }

  /** The memory server knows one version only. */
  #serverSchema(): Schema {
    return this.#options.updates && this.#dice.chance(0.5) ? nextSchema : currentSchema;
  }

  async run(): Promise<RunResult> {
    await this.#begin();
    const { seed, steps = defaultSteps, omit } = this.#options;
    this.scheduler.lateness = 0.1;
    for (let number = 1; number <= steps && this.#verdict.violation === null; number += 1) {
      this.#step = number;
      this.#dice = new Dice(seed, number);
      await this.#take(omit?.has(number) ?? false);
      this.#check();
    }
    if (this.#verdict.violation === null) await this.#heal();
    return { violation: this.#verdict.violation, step: this.#step, trace: this.#trace, events: this.#events };
  }

  close(): void {
    for (const device of this.devices) device.close();
    this.#server.close();
  }

  /** Every device has been opened once and, most of them, signed in. */
  async #begin(): Promise<void> {
    const dice = this.#dice;
    const drawn = dice.pick(['latest_timestamp', 'latest_timestamp', 'server_wins', 'local_wins', 'manual_review']);
    const strategy = this.#options.plant?.ties ? 'latest_timestamp' : drawn;
    for (const [index, device] of this.devices.entries()) {
      device.openTab();
      const tab = device.tabs[0]!;
      if (index === 0) device.mutate(tab, 'settings.put', { key: 'conflict', value: JSON.stringify(strategy) });
      if (index === 0 || dice.chance(0.8)) signIn(device, tab, dice.pick(this.#accounts));
      await this.#untilQuiet();
    }
    this.#note(`${this.devices.length} devices, ${strategy}, network faults ${this.#network.faults}`);
  }

  async #take(omitted: boolean): Promise<void> {
    const dice = this.#dice;
    const throwOf = dice.next();
    const { person, fault } = this.#rates;
    if (this.#options.updates && !omitted) this.#meetNextVersion();
    const scene: Scene = {
      devices: this.devices,
      server: this.#server,
      typed: this.#typed,
      dice,
      users: this.#accounts,
      profiles: this.#profiles,
      habits: this.#habits,
    };
    if (throwOf < person + fault) {
      this.#events.push(this.#step);
      const said = omitted ? null : throwOf < person ? actAsPerson(scene) : await meetFault(scene);
      if (said !== null) this.#note(said);
      await this.scheduler.settle();
      return;
    }
    for (let tasks = dice.below(12); tasks >= 0; tasks -= 1) {
      const said = await this.scheduler.step(dice);
      if (said !== null) this.#note(said);
    }
  }

  /** Now and then a device is updated, or somebody gives a word a colour where the app knows colours. */
  #meetNextVersion(): void {
    const dice = this.#dice;
    const device = dice.pick(this.devices);
    if (device.schema !== nextSchema) {
      if (!dice.chance(0.03)) return;
      device.update(nextSchema, { atOnce: dice.chance(0.5) });
      if (device.tabs.length >= 2) device.closeTab(dice.pick(device.tabs));
      device.openTab();
      this.#note(`${device.name} is updated`);
    } else if (dice.chance(0.1)) {
      const colour = `colour ${String(this.#step)}`;
      const painted = device.tabs.some(({ worker }) => worker?.paint(dice.below(3), colour));
      if (painted) this.#note(`${device.name}: a word gets ${colour}`);
    }
  }

  #check(): void {
    for (const device of this.devices) {
      if (device.tabs.some((tab) => tab.worker?.inTransaction)) {
        this.#verdict.report('I9', `${device.name} is left in a transaction`);
      }
    }
  }

  async #heal(): Promise<void> {
    this.#note('all is healed');
    this.#network.faults = 0;
    this.scheduler.lateness = 0;
    for (const device of this.devices) {
      device.partitioned = false;
      device.disk.full = false;
      device.disk.tear = null;
      for (const tab of [...device.tabs]) device.closeTab(tab);
    }
    // Who is still to be buried is, before anyone opens the file again.
    await this.#untilQuiet();
    for (const device of this.devices) {
      if (device.killAll()) device.refusesWords = false;
      if (this.#options.updates) device.update(nextSchema, { atOnce: true });
      device.openTab();
    }
    await this.#untilQuiet();
    for (const device of this.devices) {
      const { user } = device.record.view;
      if (user === null) signIn(device, device.tabs[0]!, this.#accounts[0]!);
      else device.session = user;
    }
    await this.#untilQuiet();
    // In the first round one brings up what the others fetch in the second; a refused clock takes another.
    for (let round = 1; round <= 4 && this.#verdict.violation === null; round += 1) {
      for (const device of this.devices) {
        device.wakeToSync();
        await this.#untilQuiet();
      }
    }
    if (this.#verdict.violation !== null) return;
    checkEnd({ devices: this.devices, server: this.#server, typed: this.#typed, verdict: this.#verdict, users });
  }

  async #untilQuiet(): Promise<void> {
    for (let steps = 0; this.#verdict.violation === null; steps += 1) {
      if (steps > mostHealingSteps) return this.#verdict.report('I3', 'it never comes to rest');
      this.#step += 1;
      const said = await this.scheduler.step(this.#dice);
      if (said === null) return;
      this.#note(said);
      this.#check();
    }
  }

  #note(line: string): void {
    const time = ((this.scheduler.now - 1_800_000_000_000) / 1_000).toFixed(3);
    this.#trace.push(`${String(this.#step).padStart(4)} ${time.padStart(9)} s  ${line}`);
  }
}
