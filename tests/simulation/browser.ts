/**
 * What a browser gives to the processes of one device: Web Locks, the channel between tabs, message ports. Every message
 * and every grant is a task of its own, so that anything can come between.
 */
import type { Channel } from '../../src/client/db/leader.ts';
import type { ChannelMessage } from '../../src/client/db/rpc.ts';
import type { Process, Scheduler } from './scheduler.ts';

interface LockEntry {
  readonly owner: Process;
  readonly grant: () => void;
  granted: boolean;
}

export class Locks {
  readonly #scheduler: Scheduler;
  readonly #queues = new Map<string, LockEntry[]>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Resolves with the release once the lock is granted. */
  acquire(name: string, owner: Process): Promise<() => void> {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return new Promise((resolve) => {
      const entry: LockEntry = { owner, granted: false, grant: () => resolve(() => this.#remove(name, entry)) };
      queue.push(entry);
      this.#grantFirst(name);
    });
  }

  async freed(name: string, waiting: Process): Promise<void> {
    const release = await this.acquire(name, waiting);
    release();
  }

  isFree(name: string): boolean {
    return (this.#queues.get(name) ?? []).length === 0;
  }

  releaseAll(owner: Process): void {
    for (const [name, queue] of this.#queues) {
      for (const entry of queue.filter((waiting) => waiting.owner === owner)) this.#remove(name, entry);
    }
  }

  /** The lock manager as a process sees it. */
  managerOf(owner: Process): LockManager {
    const request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
      const work = rest.at(-1) as (lock: object | null) => unknown;
      const { ifAvailable = false } = rest.length > 1 ? (rest[0] as LockOptions) : {};
      if (ifAvailable && !this.isFree(name)) return work(null);
      const release = await this.acquire(name, owner);
      try {
        return await work({ name });
      } finally {
        release();
      }
    };
    return { request, query: () => Promise.reject(new Error('not needed')) };
  }

  #remove(name: string, entry: LockEntry): void {
    const queue = this.#queues.get(name) ?? [];
    const at = queue.indexOf(entry);
    if (at < 0) return;
    queue.splice(at, 1);
    this.#grantFirst(name);
  }

  #grantFirst(name: string): void {
    const first = this.#queues.get(name)?.[0];
    if (!first || first.granted) return;
    first.granted = true;
    this.#scheduler.post({ owner: first.owner, label: `gets the lock ${name}`, run: first.grant });
  }
}

/** All ends of `BroadcastChannel('lorikeet-db')` on a device. */
export class Channels {
  readonly #scheduler: Scheduler;
  readonly #ends = new Set<ChannelEnd>();
  #numbers = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  open(owner: Process): Channel {
    this.#numbers += 1;
    const end = new ChannelEnd(this, owner, this.#numbers);
    this.#ends.add(end);
    return end;
  }

  send(from: ChannelEnd, message: ChannelMessage): void {
    for (const end of this.#ends) {
      if (end === from || !end.owner.alive) continue;
      const copy = structuredClone(message);
      const run = (): void => {
        if (this.#ends.has(end)) end.listener(copy);
      };
      this.#scheduler.post(
        { owner: end.owner, label: `hears "${message.kind}" of ${from.owner.name}`, run },
        `channel ${from.number}>${end.number} of ${from.owner.name}`,
      );
    }
  }

  remove(end: ChannelEnd): void {
    this.#ends.delete(end);
  }
}

class ChannelEnd implements Channel {
  readonly owner: Process;
  readonly number: number;
  listener: (message: ChannelMessage) => void = () => undefined;
  readonly #channels: Channels;

  constructor(channels: Channels, owner: Process, number: number) {
    this.#channels = channels;
    this.owner = owner;
    this.number = number;
  }

  post(message: ChannelMessage): void {
    this.#channels.send(this, message);
  }

  onMessage(listener: (message: ChannelMessage) => void): void {
    this.listener = listener;
  }

  close(): void {
    this.#channels.remove(this);
  }
}

/** One end of a message channel. Belongs to whoever has it at the moment; nobody hears what comes after its death. */
export class Port {
  owner: Process;
  onmessage: ((event: MessageEvent) => void) | null = null;
  readonly #scheduler: Scheduler;
  readonly #lane: string;
  #other: Port | null = null;
  #closed = false;

  static pair(scheduler: Scheduler, { owner, name }: { owner: Process; name: string }): [Port, Port] {
    const a = new Port(scheduler, { owner, lane: `port ${name} >` });
    const b = new Port(scheduler, { owner, lane: `port ${name} <` });
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  private constructor(scheduler: Scheduler, { owner, lane }: { owner: Process; lane: string }) {
    this.#scheduler = scheduler;
    this.owner = owner;
    this.#lane = lane;
  }

  postMessage(data: unknown): void {
    const other = this.#other;
    if (!other || this.#closed || !this.owner.alive || !other.owner.alive) return;
    const copy: unknown = structuredClone(data);
    const run = (): void => {
      if (!other.#closed) other.onmessage?.({ data: copy } as MessageEvent);
    };
    this.#scheduler.post({ owner: other.owner, label: `port: ${labelOf(copy)}`, run }, this.#lane);
  }

  close(): void {
    this.#closed = true;
  }
}

function labelOf(data: unknown): string {
  const { method, result } = data as { method?: string; result?: { ok: boolean; error?: { code: string } } };
  if (method !== undefined) return method;
  return result?.ok === false ? `answer ${result.error?.code}` : 'answer';
}
