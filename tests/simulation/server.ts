/**
 * The server of a simulation: the checks of server/http/sync-route.ts before the real exchange on real SQLite, or before
 * the memory server on the real merge. Knows what it has merged (I2), and that nothing is merged twice (I5).
 */
import { err, ok, type Result } from '../../src/base/result.ts';
import type { Value } from '../../src/base/value.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { SyncReply, SyncRequest } from '../../src/protocol/messages.ts';
import type { Refusal } from '../../src/server/change-store.ts';
import type { TableName } from '../../src/schema/tables.ts';
import { latestStamp } from '../../src/sync/change.ts';
import { timeOf } from '../../src/sync/clock.ts';
import { Process, type Scheduler } from './scheduler.ts';
import type { Verdict } from './verdict.ts';
import { keyOf } from './view.ts';

export interface ServerRow {
  readonly table: TableName;
  readonly id: string;
  readonly seq: number;
  readonly deleted: boolean;
  /** In the order of `columnsOf`. */
  readonly values: readonly Value[];
}

/** Merges, stores and pulls for one account. */
export interface ServerStore {
  exchange(request: SyncRequest, now: number): Result<Omit<SyncReply, 'serverTime'>, Refusal>;
  /** Rows whose sequence is above. */
  rowsAfter(user: string, seq: number): ServerRow[];
  close(): void;
  /** What befalls a server that keeps a file; null: this one keeps none. */
  readonly upkeep: Upkeep | null;
}

export interface Upkeep {
  /** Begins a new epoch. */
  restart(): void;
  /** Gives what puts the file back as it is now. */
  backUp(): () => void;
  /** Takes the device off the person's list. False: there is none by this id. */
  retire(user: string, device: string): boolean;
  /** Forgets what need no longer be told. Gives whether anything was. */
  compact(now: number): boolean;
}

interface Backup {
  readonly restore: () => void;
  readonly merged: ReadonlySet<string>;
}

export interface ServerOptions {
  readonly store: ServerStore;
  readonly scheduler: Scheduler;
  readonly verdict: Verdict;
  /** Rows of a page at most. */
  readonly pageRows: number;
  /** Changes of a request at most: what holds more is refused as a whole, as by a proxy with a bound of its own. */
  readonly mostChanges: number;
  /** A planted bug in how a request is read. */
  readonly request?: ((request: SyncRequest) => SyncRequest) | undefined;
  /** A planted bug in what is answered. */
  readonly answer?: ((reply: SyncReply, request: SyncRequest) => SyncReply) | undefined;
}

export class Server {
  /** Of the process that runs now; a restart has another. */
  process = new Process('server');
  readonly #options: ServerOptions;
  /** True time at which the last backup was put back. */
  restoredAt = 0;
  /** Ever, and in the history as it is now. */
  readonly #merged = new Set<string>();
  #standing = new Set<string>();
  #backup: Backup | null = null;
  readonly #rows = new Map<string, Map<string, ServerRow>>();
  readonly #heads = new Map<string, number>();

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Killed and started again: what it was doing is lost, what it stored is not. */
  restart(): void {
    this.#startAnew();
    this.#options.store.upkeep?.restart();
  }

  /** False: the server keeps no file. */
  backUp(): boolean {
    const { upkeep } = this.#options.store;
    if (!upkeep) return false;
    this.#backup = { restore: upkeep.backUp(), merged: new Set(this.#standing) };
    return true;
  }

  /** The backup is put back: what came after it is lost. False: there is none. */
  restore(): boolean {
    if (!this.#backup) return false;
    const { restore, merged } = this.#backup;
    this.#backup = null;
    this.#startAnew();
    restore();
    this.#standing = new Set(merged);
    this.#readAnew();
    this.#options.scheduler.now += 1;
    this.restoredAt = this.#options.scheduler.now;
    return true;
  }

  retire(user: string, device: string): boolean {
    return this.#options.store.upkeep?.retire(user, device) ?? false;
  }

  compact(): boolean {
    if (!this.#options.store.upkeep?.compact(this.#options.scheduler.now)) return false;
    this.#readAnew();
    // What was merged into a row that is forgotten may be merged again.
    const rows = [...this.#rows.keys()].flatMap((user) => [...this.rowsOf(user).keys()]);
    const kept = new Set(rows);
    this.#standing = new Set([...this.#standing].filter((state) => kept.has(state.split(' ')[1]!)));
    return true;
  }

  /** `session`: whose cookie came with the request. */
  handle(body: string, session: string | null): Result<string, Failure> {
    const { scheduler, store, pageRows, mostChanges, answer } = this.#options;
    const parsed = parse(body);
    const request = parsed && (this.#options.request?.(parsed) ?? parsed);
    if (!request) return err({ code: 'malformed' });
    if (request.changes.length > mostChanges) return err({ code: 'too_large' });
    if (session === null) return err({ code: 'signed_out' });
    if (request.user !== session) return err({ code: 'wrong_account' });
    const { now } = scheduler;
    const ahead = request.changes.some((change) => timeOf(latestStamp(change)) > now + limits.clockAhead);
    if (ahead) return err({ code: 'clock_ahead', serverTime: now });
    const exchanged = store.exchange({ ...request, limit: Math.min(request.limit, pageRows) }, now);
    if (!exchanged.ok) return exchanged;
    this.#note(request, exchanged.value);
    const reply = { ...exchanged.value, serverTime: now };
    return ok(JSON.stringify(answer ? answer(reply, request) : reply));
  }

  /** Whether a device's state of a record was merged: `device table/id stamp`. */
  hasMerged(state: string): boolean {
    return this.#merged.has(state);
  }

  rowsOf(user: string): ReadonlyMap<string, ServerRow> {
    const rows = this.#rows.get(user) ?? new Map<string, ServerRow>();
    this.#rows.set(user, rows);
    const head = this.#heads.get(user) ?? 0;
    let last = head;
    for (const row of this.#options.store.rowsAfter(user, head)) {
      rows.set(keyOf(row.table, row.id), row);
      last = Math.max(last, row.seq);
    }
    this.#heads.set(user, last);
    return rows;
  }

  close(): void {
    this.#options.store.close();
  }

  #note(request: SyncRequest, reply: Pick<SyncReply, 'results'>): void {
    request.changes.forEach((change, index) => {
      const status = reply.results[index]!.status;
      const state = `${request.device} ${keyOf(change.table, change.id)} ${latestStamp(change)}`;
      const again = this.#standing.has(state);
      if (again && status !== 'duplicate') this.#options.verdict.report('I5', `${state} was merged twice: ${status}`);
      if (status === 'resend' || status === 'rejected') return;
      this.#merged.add(state);
      this.#standing.add(state);
    });
  }

  #startAnew(): void {
    this.process.alive = false;
    this.process = new Process('server');
  }

  #readAnew(): void {
    for (const rows of this.#rows.values()) rows.clear();
    this.#heads.clear();
  }
}

function parse(body: string): SyncRequest | null {
  try {
    return JSON.parse(body) as SyncRequest;
  } catch {
    return null;
  }
}
