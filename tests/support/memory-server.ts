/** A server in memory on the real merge: the transport of engine tests, with faults to switch on. */
import { err, ok, type Result } from '../../src/base/result.ts';
import type { Value } from '../../src/base/value.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { RowPage, SyncReply, SyncRequest } from '../../src/protocol/messages.ts';
import type { Refusal } from '../../src/server/change-store.ts';
import {
  epochsWith,
  isInEpoch,
  noteOf,
  refusalOf,
  told,
  type DeviceState,
  type Epoch,
} from '../../src/server/exchange/admission.ts';
import { getsPreview } from '../../src/server/exchange/preview.ts';
import { parseSyncReply } from '../../src/protocol/parse-reply.ts';
import { declaredStrategy, type StrategyFor } from '../../src/schema/policies.ts';
import { columnsOf, tableOf, type TableName } from '../../src/schema/tables.ts';
import { validateChange } from '../../src/schema/validate.ts';
import { latestStamp } from '../../src/sync/change.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { mergeChange, type MergeInput, type Merged, type StoredRow } from '../../src/sync/merge.ts';
import type { Transport } from '../../src/sync/ports.ts';

type Fault = 'none' | 'request lost' | 'reply lost';

interface Stored {
  readonly table: string;
  readonly row: StoredRow;
}

export class MemoryServer {
  /** Milliseconds since 1970. */
  now = 1_800_000_000_000;
  strategyFor: StrategyFor = declaredStrategy;
  /** Rows of a page at most. */
  pageRows: number = limits.pullRows;
  readonly #rows = new Map<string, Stored>();
  readonly #devices = new Map<string, DeviceState>();
  readonly #epochs: Epoch[] = [];
  #told = '';
  readonly #horizon = 0;
  #head = 0;
  #clock = 0;
  #conflicts = 0;
  readonly #epoch = 'epoch-1';
  readonly #merge: (input: MergeInput) => Merged;

  /** `merge`: the product's unless another is given. */
  constructor({ merge = mergeChange }: { merge?: (input: MergeInput) => Merged } = {}) {
    this.#merge = merge;
  }

  /** A device's way here. `fault` is asked before each exchange. */
  transport(fault: () => Fault = () => 'none'): Transport {
    return {
      exchange: (request) => {
        const now = fault();
        if (now === 'request lost') return Promise.resolve(err({ code: 'offline' }));
        // Through JSON, as on the wire.
        const sent = JSON.stringify(request);
        const parsed = JSON.parse(sent) as SyncRequest;
        const bound = stampAt(this.now + limits.clockAhead);
        if (parsed.changes.some((change) => latestStamp(change) > bound)) {
          return Promise.resolve(err({ code: 'clock_ahead', serverTime: this.now }));
        }
        const served = this.serve(parsed);
        if (now === 'reply lost') return Promise.resolve(err({ code: 'timeout' }));
        if (!served.ok) return Promise.resolve(served);
        const received = JSON.stringify(served.value);
        const reply = parseSyncReply(JSON.parse(received));
        if (!reply.ok) return Promise.resolve(reply);
        return Promise.resolve(ok({ reply: reply.value, sent: sent.length, received: received.length }));
      },
    };
  }

  /** Live rows of a table by id, values only. */
  rows(table: TableName): Map<string, Record<string, Value>> {
    const live = new Map<string, Record<string, Value>>();
    for (const { table: of, row } of this.#rows.values()) {
      if (of !== table || row.deleted) continue;
      live.set(row.id, Object.fromEntries(columnsOf(table).map((name) => [name, row.columns[name]?.value ?? null])));
    }
    return live;
  }

  /** Every row, the deleted ones too. */
  stored(): Iterable<Stored> {
    return this.#rows.values();
  }

  serve(request: SyncRequest): Result<SyncReply, Refusal> {
    const push = { ...request, session: null, now: this.now };
    const device = this.#devices.get(request.device) ?? null;
    const history = {
      head: this.#head,
      horizon: this.#horizon,
      epochs: this.#told,
      allEpochs: () => this.#epochs,
    };
    const refusal = refusalOf(push, device, history);
    if (refusal) return err(refusal);
    const noted = noteOf(push, device);
    if (noted) this.#devices.set(request.device, noted);
    const reply = this.#exchange(request);
    if (this.#head > history.head && !isInEpoch(this.#told, this.#epoch)) {
      this.#epochs.push({ id: this.#epoch, first: history.head + 1 });
      this.#told = epochsWith(this.#told, this.#epoch);
    }
    return ok({ ...reply, epoch: told({ epochs: this.#told, horizon: this.#horizon }), head: this.#head });
  }

  #exchange(request: SyncRequest): Omit<SyncReply, 'epoch' | 'head'> {
    const clean = new Set<string>();
    const before = this.#head;
    const results = request.changes.map((change) => {
      const error = validateChange(change);
      if (error) return { status: 'rejected' as const, seq: 0, error };
      const key = `${change.table}/${change.id}`;
      const row = this.#rows.get(key)?.row ?? null;
      const { device, cursor } = request;
      const mergeAt = (seq: number) =>
        this.#merge({ row, change, device, cursor, seq, now: this.now, strategyFor: this.strategyFor });
      const first = mergeAt(this.#head + 1);
      // As in merge-push.ts: conflicts before the row.
      for (const values of first.conflicts) this.#keepConflict(values);
      const merged = first.conflicts.length === 0 ? first : mergeAt(this.#head + 1);
      if (merged.row) this.#store(change.table, merged.row);
      if (merged.clean) clean.add(key);
      else if (merged.row) clean.delete(key);
      this.#clock = Math.max(this.#clock, latestStamp(change));
      return merged.result;
    });
    const told = { results, clock: this.#clock, serverTime: this.now };
    const limit = Math.min(request.limit, this.pageRows);
    if (getsPreview({ ...request, limit, session: null, now: this.now }, { head: before })) {
      return { ...told, changes: this.#newest(before, limit), cursor: request.cursor, more: true, preview: true };
    }
    const pulled = limit === 0 ? null : this.#pull(request, clean);
    return {
      ...told,
      changes: pulled?.pages ?? [],
      cursor: pulled?.cursor ?? request.cursor,
      more: pulled?.more ?? false,
    };
  }

  /** Living rows, those that were changed last first. What a real server thinks is looked at first is its affair. */
  #newest(head: number, rows: number): RowPage[] {
    const living = [...this.#rows.values()].filter(({ row }) => row.seq <= head && !row.deleted);
    const newest = living.sort((a, b) => b.row.seq - a.row.seq).slice(0, rows);
    return [...new Set(newest.map(({ table }) => table))].map((table) => rowPage(table, newest));
  }

  #store(table: string, row: StoredRow): void {
    this.#rows.set(`${table}/${row.id}`, { table, row });
    this.#head = Math.max(this.#head, row.seq);
  }

  #keepConflict(values: Readonly<Record<string, Value>>): void {
    this.#conflicts += 1;
    this.#head += 1;
    const write = { stamp: stampAt(this.now), device: 'server', seq: this.#head };
    const columns = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { ...write, value }]));
    this.#store('conflict', { id: `conflict-${this.#conflicts}`, seq: this.#head, deleted: null, columns, seen: {} });
  }

  #pull(request: SyncRequest, clean: ReadonlySet<string>): { pages: RowPage[]; cursor: number; more: boolean } {
    const after = [...this.#rows.values()]
      .filter(({ row }) => row.seq > request.cursor)
      .sort((a, b) => a.row.seq - b.row.seq);
    const limit = Math.min(request.limit, this.pageRows);
    const page = after.slice(0, limit);
    const sent = page.filter(({ table, row }) => !clean.has(`${table}/${row.id}`));
    const tables = [...new Set(sent.map(({ table }) => table))];
    return {
      pages: tables.map((table) => rowPage(table, sent)),
      cursor: page.at(-1)?.row.seq ?? request.cursor,
      more: after.length > page.length,
    };
  }
}

function rowPage(table: string, all: readonly Stored[]): RowPage {
  const rows = all.filter((stored) => stored.table === table).map(({ row }) => row);
  const columns = Object.keys(tableOf(table)!.columns);
  return {
    table,
    ids: rows.map((row) => row.id),
    seqs: rows.map((row) => row.seq),
    deleted: rows.flatMap((row, index) => (row.deleted ? [index] : [])),
    columns,
    values: columns.map((name) => rows.map((row) => (row.deleted ? null : (row.columns[name]?.value ?? null)))),
  };
}
