/**
 * The record of one device: what must be on it, kept beside the product from what was committed there, and compared at
 * every commit, after every kill and at every open (I1, I2, I4, I6).
 */
import type { Value } from '../../src/base/value.ts';
import type { SyncReply } from '../../src/protocol/messages.ts';
import { columnsOf } from '../../src/schema/tables.ts';
import { latestStamp } from '../../src/sync/change.ts';
import type { Batch, SyncStore } from '../../src/sync/ports.ts';
import type { Server } from './server.ts';
import type { Typed } from './typed.ts';
import type { Verdict } from './verdict.ts';
import { difference, keyOf, readView, sameContents, type DeviceRow, type Select, type View } from './view.ts';

/** Edits of a record that the server has not answered for: the number of each, counted up on this device. */
interface Waiting {
  deleted: number;
  /** The record as a whole: it was inserted. */
  whole: number;
  readonly columns: Map<string, number>;
}

interface Applying {
  readonly sent: Batch;
  readonly reply: SyncReply;
}

/** What a copy of the device's file takes along. */
export interface RecordCopy {
  readonly view: View;
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly gathered: ReadonlyMap<string, number>;
  readonly edits: number;
  readonly heard: { readonly known: number; readonly at: number };
}

export interface RecordOptions {
  readonly name: string;
  readonly verdict: Verdict;
  readonly server: Server;
  readonly typed: Typed;
}

export class DeviceRecord {
  readonly #options: RecordOptions;
  #waiting = new Map<string, Waiting>();
  /** How many edits there were when a state of a record was first read for sending, by record and stamp. */
  #gathered = new Map<string, number>();
  #edits = 0;
  #view: View | null = null;
  #applying: Applying[] = [];
  /** The highest stamp that an answer has told of, and the server's time in the last one. */
  #heard = { known: 0, at: 0 };
  /** A commit was torn: it may be on the disk or not. */
  #torn = false;

  constructor(options: RecordOptions) {
    this.#options = options;
  }

  /** What is committed on the device. */
  get view(): View {
    return this.#view ?? nothing;
  }

  get waits(): number {
    return this.#waiting.size;
  }

  /** For a copy of the file; null: there is nothing yet, or a torn commit that may be in the file or not. */
  copy(): RecordCopy | null {
    if (this.#view === null || this.#torn) return null;
    const waiting = [...this.#waiting].map(([key, of]) => [key, { ...of, columns: new Map(of.columns) }] as const);
    const gathered = new Map(this.#gathered);
    return { view: this.#view, waiting: new Map(waiting), gathered, edits: this.#edits, heard: this.#heard };
  }

  /** A copy of another file, or of an older state, was put in the place of this one. */
  replace({ view, waiting, gathered, edits, heard }: RecordCopy): void {
    this.#giveUp(this.view);
    this.#view = view;
    for (const { values } of view.rows.values()) for (const value of values) this.#options.typed.copied(value);
    this.#waiting = new Map([...waiting].map(([key, of]) => [key, { ...of, columns: new Map(of.columns) }]));
    this.#gathered = new Map(gathered);
    this.#edits = Math.max(this.#edits, edits);
    this.#heard = heard;
    this.#applying = [];
    this.#torn = false;
  }

  interrupted(): void {
    this.#torn = true;
  }

  /** A database was opened on the file: by a worker, or as an image by the service worker. */
  opened(select: Select, { inMemory = false }: { inMemory?: boolean } = {}): void {
    // What an image adds to a file that no page has opened yet is not on the disk.
    if (this.#view === null && inMemory) return;
    const next = readView(select);
    const [[fault]] = select('PRAGMA quick_check(1)') as [[Value]];
    if (fault !== 'ok') this.#report('I8', `the file is damaged: ${String(fault)}`);
    if (this.#view === null || sameContents(this.#view, next)) this.#view = next;
    else if (this.#torn) this.#take(next, this.#applying.length > 0 ? 'sync' : 'local');
    else this.#report('I1', `what was committed is not what the file holds: ${difference(this.#view, next)}`);
    this.#torn = false;
    this.#applying = [];
  }

  /** A worker has committed. */
  committed(origin: 'local' | 'sync', select: Select): void {
    this.#take(readView(select), origin);
  }

  /** The service worker's image was swapped in, with what it holds. */
  swapped(select: Select): void {
    if (this.#torn) return this.opened(select);
    const next = readView(select);
    if (!this.#view || sameContents(this.#view, next)) return;
    this.#take(next, 'sync');
  }

  /** Sees what the engine reads and stores. `inMemory`: a commit counts when the image is swapped in. */
  watch(store: SyncStore, { inMemory }: { inMemory: boolean }): SyncStore {
    return {
      gather: async (direction) => {
        const batch = await store.gather(direction);
        if (batch.ok) this.#gather(batch.value);
        return batch;
      },
      apply: async (sent, reply) => {
        const event = { sent, reply };
        this.#applying.push(event);
        const applied = await store.apply(sent, reply);
        if (applied.ok || !(inMemory || this.#torn)) this.#applying = this.#applying.filter((other) => other !== event);
        return applied;
      },
      correctClock: (serverTime) => store.correctClock(serverTime),
      setAside: (sent, refusal) => store.setAside(sent, refusal),
      takeNewId: () => store.takeNewId(),
      beginReload: (reload) => store.beginReload(reload),
      record: (report, next) => store.record(report, next),
    };
  }

  /** Whether what the device has heard last is of a history that the server has lost. */
  get #isBehind(): boolean {
    return this.#heard.at < this.#options.server.restoredAt;
  }

  #report(invariant: string, message: string): void {
    this.#options.verdict.report(invariant, `${this.#options.name}: ${message}`);
  }

  #gather(batch: Batch): void {
    for (const change of batch.changes) {
      const state = stateOf(batch.device, keyOf(change.table, change.id), latestStamp(change));
      if (!this.#gathered.has(state)) this.#gathered.set(state, this.#edits);
    }
  }

  #take(next: View, origin: 'local' | 'sync'): void {
    const before = this.view;
    this.#view = next;
    const removed = next.user === null && before.rows.size > 0 && next.rows.size === 0 && next.outbox.size === 0;
    const left = next.user === null && next.device !== before.device;
    if (removed || left) this.#startAnew(before);
    else if (origin === 'local') this.#noteEdits(before, next);
    else this.#noteAnswers(before, next);
    if (before.user === null && next.user !== null) this.#options.typed.attach(this.#options.name, next.user);
    this.#checkOutbox(next);
    if (origin === 'sync') this.#checkPulled(before, next);
    if (next.rejected > before.rejected) this.#report('I2', 'the server rejected what the app let through');
  }

  /** Signed out with everything removed: what only this device had is given up by the person's choice. */
  #startAnew(before: View): void {
    this.#giveUp(before);
    this.#waiting.clear();
    this.#gathered.clear();
  }

  #giveUp(before: View): void {
    const { server, typed } = this.#options;
    const theirs = before.user === null ? null : server.rowsOf(before.user);
    for (const [key, row] of before.rows) {
      const stored = theirs?.get(key);
      row.values.forEach((value, index) => {
        if (stored?.deleted !== false || stored.values[index] !== value) typed.forget(value);
      });
    }
  }

  #noteEdits(before: View, next: View): void {
    this.#edits += 1;
    for (const key of new Set([...before.rows.keys(), ...next.rows.keys()])) {
      const old = before.rows.get(key);
      const row = next.rows.get(key);
      const stamp = next.outbox.get(key)?.stamp ?? Infinity;
      if (row !== old && (!row || !old || changed(old, row)) && stamp <= this.#heard.known) {
        this.#report('I3', `the edit of ${key} is stamped ${stamp}, before ${this.#heard.known} that was seen`);
      }
      if (row && !old) this.#noteInsert(key, row);
      else if (old && !row) this.#noteDelete(key, old);
      else if (old && row) this.#noteUpdate({ key, old, row }, before, next);
    }
  }

  #noteInsert(key: string, row: DeviceRow): void {
    this.#waiting.set(key, { deleted: 0, whole: this.#edits, columns: new Map() });
    for (const value of row.values) this.#options.typed.stored(value, this.#options.name, this.view.user);
  }

  #noteDelete(key: string, old: DeviceRow): void {
    this.#waiting.set(key, { deleted: this.#edits, whole: 0, columns: new Map() });
    for (const value of old.values) this.#options.typed.replaced(value);
  }

  #noteUpdate({ key, old, row }: { key: string; old: DeviceRow; row: DeviceRow }, before: View, next: View): void {
    columnsOf(row.table).forEach((column, index) => {
      const value = row.values[index]!;
      const was = old.values[index]!;
      if (value === was) return;
      const waiting = this.#waiting.get(key) ?? { deleted: 0, whole: 0, columns: new Map<string, number>() };
      waiting.columns.set(column, this.#edits);
      this.#waiting.set(key, waiting);
      this.#options.typed.replaced(was);
      this.#options.typed.stored(value, this.#options.name, this.view.user);
      this.#checkBase({ key, column, was, seq: old.seq }, before, next);
    });
  }

  /** What an edit was based on is what the row was when the person edited it first. */
  #checkBase(
    { key, column, was, seq }: { key: string; column: string; was: Value; seq: number },
    before: View,
    next: View,
  ): void {
    const entry = next.outbox.get(key);
    if (entry?.op !== 'update' || typeof was === 'number') return;
    const earlier = before.outbox.get(key);
    const expected = earlier?.op === 'update' && earlier.columns.has(column) ? earlier.base[column] : [seq, was];
    // A null is left out of the base: a column without an entry had none.
    if (was !== null && JSON.stringify(entry.base[column]) !== JSON.stringify(expected)) {
      this.#report(
        'I4',
        `${key}.${column} is based on ${JSON.stringify(entry.base[column])}, not ${JSON.stringify(expected)}`,
      );
    }
  }

  /** Edits that the stored answer was for no longer have to wait (I2). */
  #noteAnswers(before: View, next: View): void {
    for (const { sent, reply } of this.#applying) {
      this.#heard = { known: Math.max(this.#heard.known, reply.clock), at: reply.serverTime };
      if (this.#isBehind) this.#forgetVanished(before, next);
      sent.changes.forEach((change, index) => {
        const status = reply.results[index]?.status;
        if (status === 'resend' || status === 'rejected') return;
        const key = keyOf(change.table, change.id);
        const state = stateOf(sent.device, key, latestStamp(change));
        if (!this.#options.server.hasMerged(state)) return;
        this.#answer(key, this.#gathered.get(state) ?? 0);
      });
    }
    this.#applying = [];
  }

  /** Taken away by an answer whose conflicts the server has lost meanwhile: nobody has it any more. */
  #forgetVanished(before: View, next: View): void {
    for (const [key, row] of before.rows) {
      const now = next.rows.get(key);
      row.values.forEach((value, index) => {
        if (now?.values[index] !== value) this.#options.typed.forget(value);
      });
    }
  }

  #answer(key: string, upTo: number): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    if (waiting.deleted <= upTo) waiting.deleted = 0;
    if (waiting.whole <= upTo) waiting.whole = 0;
    for (const [column, edit] of waiting.columns) if (edit <= upTo) waiting.columns.delete(column);
    if (waiting.deleted === 0 && waiting.whole === 0 && waiting.columns.size === 0) this.#waiting.delete(key);
  }

  /** Every edit without an answer is in the outbox (I1, I2). */
  #checkOutbox(next: View): void {
    for (const [key, waiting] of this.#waiting) {
      const entry = next.outbox.get(key);
      if (!entry) this.#report('I2', `${key} left the outbox without an answer`);
      else if (waiting.deleted > 0 && entry.op !== 'delete') this.#report('I2', `the deletion of ${key} does not wait`);
      else if (waiting.whole > 0 && entry.op !== 'insert') this.#report('I2', `${key} does not wait as a whole`);
      for (const column of waiting.columns.keys()) {
        const waits = entry?.op === 'insert' || entry?.columns.has(column);
        if (!waits) this.#report('I2', `the edit of ${key}.${column} does not wait`);
      }
    }
  }

  #checkPulled(before: View, next: View): void {
    for (const [key, waiting] of this.#waiting) {
      const old = before.rows.get(key);
      if (!old) continue;
      const row = next.rows.get(key);
      columnsOf(old.table).forEach((column, index) => {
        const isDirty = waiting.whole > 0 || waiting.columns.has(column);
        if (isDirty && row?.values[index] !== old.values[index]) {
          this.#report('I4', `the edit of ${key}.${column} was overwritten by a pull`);
        }
      });
    }
    if (next.user !== null && !this.#isBehind) this.#checkCursor(next, next.user);
  }

  /** Every row of the server up to the cursor is here, as it is there (I6). */
  #checkCursor(next: View, user: string): void {
    for (const [key, theirs] of this.#options.server.rowsOf(user)) {
      if (theirs.seq > next.cursor || theirs.seq <= (next.held.get(key) ?? 0)) continue;
      const entry = next.outbox.get(key);
      const row = next.rows.get(key);
      if (entry?.op === 'insert' || entry?.op === 'delete') continue;
      if (theirs.deleted) {
        if (row && !entry) this.#report('I6', `${key} was deleted at ${theirs.seq}, the cursor is ${next.cursor}`);
        continue;
      }
      if (!row || row.seq < theirs.seq) {
        this.#report('I6', `${key} is missing at ${theirs.seq}, the cursor is ${next.cursor}`);
        continue;
      }
      if (row.seq > theirs.seq) continue;
      const off = columnsOf(theirs.table).find(
        (column, index) => !entry?.columns.has(column) && row.values[index] !== theirs.values[index],
      );
      if (off !== undefined) this.#report('I6', `${key}.${off} is not the server's at ${theirs.seq}`);
    }
  }
}

const nothing: View = {
  rows: new Map(),
  outbox: new Map(),
  held: new Map(),
  rejected: 0,
  device: '',
  user: null,
  cursor: 0,
  clock: 0,
  lacks: 0,
};

function changed(a: DeviceRow, b: DeviceRow): boolean {
  return a.values.some((value, index) => value !== b.values[index]);
}

function stateOf(device: string, key: string, stamp: number): string {
  return `${device} ${key} ${stamp}`;
}
