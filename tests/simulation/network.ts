/**
 * The network between devices and the server: late, lost, torn, doubled and reordered messages, and partitions. What
 * becomes of a message is drawn when it is sent.
 */
import { err, ok, type Result } from '../../src/base/result.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { SyncRequest } from '../../src/protocol/messages.ts';
import { parseSyncReply } from '../../src/protocol/parse-reply.ts';
import { latestStamp } from '../../src/sync/change.ts';
import type { ExchangeResult, Transport } from '../../src/sync/ports.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { Dice } from './dice.ts';
import type { Process, Scheduler } from './scheduler.ts';
import type { Server } from './server.ts';

type Fate = 'well' | 'request lost' | 'request torn' | 'reply lost' | 'reply torn' | 'doubled' | 'late';

export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly server: () => Server;
  readonly dice: () => Dice;
  readonly trace: (line: string) => void;
}

export interface Sender {
  readonly name: string;
  readonly session: string | null;
  readonly partitioned: boolean;
}

interface Message {
  readonly sender: Sender;
  readonly process: Process;
  readonly body: string;
  readonly request: SyncRequest;
  readonly settle: (result: Result<ExchangeResult, Failure>) => void;
}

export class Network {
  /** How often a message meets a fault, in [0, 1]. */
  faults = 0;
  readonly #options: NetworkOptions;
  /** Changes that were torn alone once. */
  readonly #torn = new Set<string>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** `process` waits for the answer; `giveWay` ends the wait. */
  transport(sender: () => Sender, { process, giveWay }: { process: Process; giveWay: AbortSignal }): Transport {
    return {
      exchange: (request) =>
        new Promise((resolve) => {
          if (giveWay.aborted) return resolve(err({ code: 'storage_busy' }));
          const body = JSON.stringify(request);
          const settle = (result: Result<ExchangeResult, Failure>): void => {
            cancel();
            giveWay.removeEventListener('abort', onGiveWay);
            resolve(result);
          };
          const onGiveWay = (): void => settle(err({ code: 'storage_busy' }));
          const expire = (): void => settle(err({ code: 'timeout' }));
          const { scheduler } = this.#options;
          const cancel = scheduler.after(limits.requestTimeout, {
            owner: process,
            label: 'request times out',
            run: expire,
          });
          giveWay.addEventListener('abort', onGiveWay);
          this.#send({ sender: sender(), process, body, request, settle });
        }),
    };
  }

  #send(message: Message): void {
    const { sender, process, settle } = message;
    const { scheduler, trace } = this.#options;
    const dice = this.#options.dice();
    const drawn = sender.partitioned ? 'request lost' : this.#fate(dice);
    const fate = drawn === 'request torn' && this.#wasTorn(message) ? 'request lost' : drawn;
    trace(`${sender.name} sends ${summary(message.request)}${fate === 'well' ? '' : ` (${fate})`}`);
    const refuse = (): void => settle(err({ code: 'offline' }));
    // A connection that is reset tells at once, one that hangs tells nothing.
    const reset = sender.partitioned || dice.chance(0.7);
    if (fate === 'request lost') {
      if (reset) scheduler.after(dice.below(300), { owner: process, label: 'request refused', run: refuse });
      return;
    }
    const body = fate === 'request torn' ? message.body.slice(0, dice.below(message.body.length)) : message.body;
    const delay = fate === 'late' ? 20_000 + dice.below(100_000) : dice.below(200);
    this.#deliver(message, { body, delay, fate: fate === 'doubled' ? 'well' : fate, reset });
    if (fate === 'doubled') {
      const again = dice.chance(0.5) ? dice.below(500) : dice.below(120_000);
      this.#deliver(message, { body, delay: again, fate: 'reply lost', reset: false });
    }
  }

  #deliver(
    message: Message,
    { body, delay, fate, reset }: { body: string; delay: number; fate: Fate; reset: boolean },
  ): void {
    const { scheduler, server } = this.#options;
    const back = this.#options.dice().below(200);
    // A cookie goes with the request as it was when it was sent.
    const { session } = message.sender;
    const run = (): void => {
      const result = server().handle(body, session);
      const outcome = result.ok ? 'answers' : `refuses (${result.error.code})`;
      this.#options.trace(`server ${outcome} ${summary(message.request)} of ${message.sender.name}`);
      if (fate === 'reply lost' && !reset) return;
      this.#answer(message, { result, fate, delay: back });
    };
    scheduler.after(delay, { owner: server().process, label: `gets a request of ${message.sender.name}`, run });
  }

  #answer(
    { process, body, settle }: Message,
    { result, fate, delay }: { result: Result<string, Failure>; fate: Fate; delay: number },
  ): void {
    const { scheduler } = this.#options;
    const run = (): void => {
      if (fate === 'reply lost') return settle(err({ code: 'offline' }));
      if (!result.ok) return settle(result);
      const text = fate === 'reply torn' ? result.value.slice(0, Math.floor(result.value.length / 2)) : result.value;
      const reply = parseSyncReply(parse(text));
      settle(reply.ok ? ok({ reply: reply.value, sent: body.length, received: text.length }) : reply);
    };
    scheduler.after(delay, { owner: process, label: 'gets the reply', run });
  }

  /** A change that arrives in pieces whenever it is sent alone is one that the server does not take, and is set aside. */
  #wasTorn({ sender, request: { changes } }: Message): boolean {
    const [change] = changes;
    if (!change || changes.length > 1) return false;
    const state = `${sender.name} ${change.table}/${change.id} ${latestStamp(change)}`;
    const before = this.#torn.has(state);
    this.#torn.add(state);
    return before;
  }

  #fate(dice: Dice): Fate {
    if (!dice.chance(this.faults)) return 'well';
    return dice.weighted<Fate>({
      well: 0,
      'request lost': 3,
      'request torn': 1,
      'reply lost': 4,
      'reply torn': 1,
      doubled: 3,
      late: 2,
    });
  }
}

function summary({ changes, cursor, limit, preview }: SyncRequest): string {
  const list = changes.map(({ op, table, id }) => `${op} ${table}/${id.slice(-4)}`).join(', ');
  return `[${list}] at ${cursor}${limit === 0 ? ' (up)' : ''}${preview ? ' (preview first)' : ''}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
