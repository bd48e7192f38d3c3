/**
 * Virtual time and the one queue of everything that can happen next (I10). Messages of one lane keep their order; which
 * lane goes next is chance. A process that is killed takes its tasks and timers with it: its promises never settle, as
 * after a real kill.
 */
import type { Dice } from './dice.ts';

/** Something that can be killed: a page, a worker, a service worker, the server; or the browser itself, which is not. */
export class Process {
  readonly name: string;
  alive = true;

  constructor(name: string) {
    this.name = name;
  }
}

export interface Task {
  readonly owner: Process;
  readonly label: string;
  readonly run: () => void;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly task: Task;
}

export class Scheduler {
  /** True time, milliseconds since 1970. */
  now: number;
  /** Whose code runs: timers that it sets die with it. */
  running: Process;
  /** How often a timer runs before tasks that are ready, in [0, 1]. */
  lateness = 0;
  readonly #lanes = new Map<string, Task[]>();
  readonly #timers = new Set<Timer>();
  #order = 0;

  constructor(now: number) {
    this.now = now;
    this.running = new Process('nobody');
  }

  /** Runs some time from now, after what is in the lane already; without a lane, in any order. */
  post(task: Task, lane?: string): void {
    this.#order += 1;
    const name = lane ?? `#${this.#order}`;
    const queue = this.#lanes.get(name);
    if (queue) queue.push(task);
    else this.#lanes.set(name, [task]);
  }

  /** Gives the cancelling. */
  after(milliseconds: number, task: Task): () => void {
    this.#order += 1;
    const timer = { at: this.now + Math.max(0, milliseconds), order: this.#order, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs one task that is ready, else the next timer. What it did, or null when nothing is left to do. */
  async step(dice: Dice): Promise<string | null> {
    // A busy device may be late with all it has to do.
    const late = dice.chance(this.lateness) ? this.#takeTimer(Infinity) : null;
    const task = late ?? this.#takeReady(dice) ?? this.#takeTimer(Infinity);
    if (!task) return null;
    await this.#run(task);
    return `${task.owner.name}: ${task.label}`;
  }

  /** Time goes by while nobody gets a turn but timers: a machine that stalls. */
  async stall(milliseconds: number): Promise<void> {
    const until = this.now + milliseconds;
    for (let task = this.#takeTimer(until); task; task = this.#takeTimer(until)) await this.#run(task);
    this.now = Math.max(this.now, until);
  }

  /** Lets every promise that can settle settle. All is microtasks: no real clock, disk or network is waited for. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #run(task: Task): Promise<void> {
    this.running = task.owner;
    task.run();
    await this.settle();
  }

  #takeReady(dice: Dice): Task | null {
    const ready: string[] = [];
    for (const [name, queue] of this.#lanes) {
      while (queue.length > 0 && !queue[0]!.owner.alive) queue.shift();
      if (queue.length > 0) ready.push(name);
      else this.#lanes.delete(name);
    }
    if (ready.length === 0) return null;
    const name = dice.pick(ready);
    this.now += dice.below(3);
    return this.#lanes.get(name)!.shift()!;
  }

  #takeTimer(until: number): Task | null {
    let first: Timer | null = null;
    for (const timer of this.#timers) {
      if (!timer.task.owner.alive) this.#timers.delete(timer);
      else if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    if (!first || first.at > until) return null;
    this.#timers.delete(first);
    this.now = Math.max(this.now, first.at);
    return first.task;
  }
}

/** The globals through which product code reaches time and storage, replaced while `work` runs. */
export async function withGlobals<T>(
  { scheduler, getDirectory }: { scheduler: Scheduler; getDirectory: () => Promise<FileSystemDirectoryHandle> },
  work: () => Promise<T>,
): Promise<T> {
  const timers = new Map<number, () => void>();
  let numbers = 0;
  const replaced: Record<string, unknown> = {
    setTimeout: (run: () => void, milliseconds = 0) => {
      numbers += 1;
      const owner = scheduler.running;
      timers.set(numbers, scheduler.after(milliseconds, { owner, label: `timer of ${milliseconds} ms`, run }));
      return numbers;
    },
    clearTimeout: (number: number | undefined) => timers.get(number ?? 0)?.(),
    navigator: { storage: { getDirectory } },
  };
  const before = Object.keys(replaced).map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  );
  for (const [name, value] of Object.entries(replaced)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    return await work();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
}
