/**
 * The outbox never loses a dirty column (I1, I2), and never makes one up. A person edits, deletes and makes anew; syncs
 * gather, get lost before or after they reach the server, or are answered at any time later, in between more edits. Real
 * triggers and SQLite against a model that says nothing of SQL: what was done to a record since the last state of it that
 * was answered for is what has to be sent.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assert } from '../../src/base/assert.ts';
import type { Value } from '../../src/base/value.ts';
import type { Change, ChangeStatus, SyncReply } from '../../src/protocol/messages.ts';
import { columnsOf, type TableName } from '../../src/schema/tables.ts';
import { latestStamp, stampOf } from '../../src/sync/change.ts';
import type { Batch } from '../../src/sync/ports.ts';
import { anyRow, editedTables, someValues } from '../support/arbitrary-rows.ts';
import { DeviceUnderTest } from '../support/device-under-test.ts';
import { holdsAlways } from '../support/property.ts';

type Values = Readonly<Record<string, Value>>;
type Answered = Exclude<ChangeStatus, 'rejected'>;
type Step =
  | { readonly kind: 'insert' | 'update'; readonly record: number; readonly values: Values }
  | { readonly kind: 'delete'; readonly record: number }
  /** The clock jumps, back too. */
  | { readonly kind: 'time'; readonly by: number }
  /** A batch goes out. */
  | { readonly kind: 'gather' }
  /** The answer to one of the batches under way comes in; the others stay under way, or were lost. */
  | { readonly kind: 'answer'; readonly batch: number; readonly statuses: readonly Answered[] };

const record = fc.nat(2);

const stepsOf = (table: TableName): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof<fc.WeightedArbitrary<Step>[]>(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('insert' as const), record, values: anyRow(table) }),
      },
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('update' as const), record, values: someValues(table) }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), record }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), by: fc.integer({ min: -9, max: 9 }) }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'gather' as const }) },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('answer' as const),
          batch: fc.nat(),
          statuses: fc.array(fc.constantFrom<Answered>('applied', 'merged', 'duplicate', 'resend'), {
            minLength: 3,
            maxLength: 3,
          }),
        }),
      },
    ),
    { maxLength: 40, size: 'max' },
  );

it(
  'the outbox holds exactly what was done since it was answered for, whatever is lost on the way',
  { timeout: 120_000 },
  async () => {
    await holdsAlways(
      fc.asyncProperty(
        fc.constantFrom(...editedTables).chain((table) => fc.tuple(fc.constant(table), stepsOf(table))),
        async ([table, steps]) => {
          const run = new Run(table);
          for (const step of steps) {
            await run.take(step);
            await run.check();
          }
        },
      ),
      { numRuns: 80 },
    );
  },
);

/** Something done to a record. `columns`: those that it changed. */
interface Deed {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly stamp: number;
  readonly columns: readonly string[];
}

interface Model {
  row: Values | null;
  /** Not answered for yet, oldest first. */
  deeds: Deed[];
  /** The server said that it lacks the row: what waits goes whole. */
  resend: boolean;
}

class Run {
  readonly #table: TableName;
  readonly #device: DeviceUnderTest;
  readonly #models = new Map<string, Model>();
  readonly #underWay: Batch[] = [];
  #now = 1_800_000_000_000;
  #lastStamp = 0;
  #seq = 0;

  constructor(table: TableName) {
    this.#table = table;
    this.#device = new DeviceUnderTest({
      name: 'device',
      now: () => this.#now,
      transport: { exchange: () => Promise.reject(new Error('nothing is sent by itself')) },
    });
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'time':
        this.#now += step.by;
        return;
      case 'gather':
        this.#underWay.push(await this.#gather());
        return;
      case 'answer':
        return this.#answer(step);
      default:
        this.#edit(step);
    }
  }

  async check(): Promise<void> {
    const { changes } = await this.#gather();
    const waiting = new Map(changes.map((change) => [change.id, change]));
    for (const [id, model] of this.#models) {
      expect(this.#device.rows(this.#table).get(id) ?? null, id).toEqual(model.row);
      const change = waiting.get(id);
      expect(change && essence(change, model), id).toEqual(expected(this.#table, model));
      if (change) expect(latestStamp(change)).toBe(model.deeds.at(-1)!.stamp);
    }
    expect([...waiting.keys()].every((id) => this.#models.has(id))).toBe(true);
  }

  async #gather(): Promise<Batch> {
    const gathered = await this.#device.store.gather('both');
    assert(gathered.ok, 'a database in memory answers');
    return gathered.value;
  }

  #edit(step: Extract<Step, { kind: 'insert' | 'update' | 'delete' }>): void {
    const id = `record-${step.record}`;
    const model = this.#models.get(id) ?? { row: null, deeds: [], resend: false };
    if ((step.kind === 'insert') === (model.row !== null)) return;
    this.#models.set(id, model);
    const columns = Object.keys(step.kind === 'delete' ? {} : step.values);
    this.#device.write((sql) => {
      if (step.kind === 'delete') sql.run(`DELETE FROM ${this.#table} WHERE id = ?`, [id]);
      else if (step.kind === 'insert')
        sql.run(`INSERT INTO ${this.#table} (id, ${columns.join(', ')}) VALUES (?${', ?'.repeat(columns.length)})`, [
          id,
          ...Object.values(step.values),
        ]);
      else
        sql.run(`UPDATE ${this.#table} SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`, [
          ...Object.values(step.values),
          id,
        ]);
    });
    const before = model.row;
    model.row = step.kind === 'delete' ? null : { ...before, ...step.values };
    const changed = columns.filter((column) => !before || before[column] !== model.row![column]);
    if (step.kind === 'update' && changed.length === 0) return;
    if (step.kind !== 'update') model.resend = false;
    model.deeds.push({ kind: step.kind, stamp: this.#stampOf(id), columns: changed });
  }

  /** Of the edit just made: later than all before, whatever the clock did. */
  #stampOf(id: string): number {
    const stamp = Number(this.#device.all('SELECT stamp FROM outbox WHERE id = ?', [id])[0]!['stamp']);
    expect(stamp).toBeGreaterThan(this.#lastStamp);
    this.#lastStamp = stamp;
    return stamp;
  }

  async #answer({ batch, statuses }: Extract<Step, { kind: 'answer' }>): Promise<void> {
    const index = batch % Math.max(1, this.#underWay.length);
    const [sent] = this.#underWay.splice(index, 1);
    if (!sent) return;
    // Answers come in order: what was under way before was lost.
    this.#underWay.splice(0, index);
    const results = sent.changes.map((change, at) => {
      const status = statuses[at % statuses.length]!;
      const whole = status === 'resend' && change.op !== 'update';
      return { status: whole ? ('applied' as const) : status, seq: status === 'applied' ? (this.#seq += 1) : 0 };
    });
    const reply: SyncReply = {
      results,
      changes: [],
      cursor: this.#seq,
      epoch: 'e',
      head: this.#seq,
      more: false,
      clock: this.#lastStamp,
      serverTime: this.#now,
    };
    const applied = await this.#device.store.apply(sent, reply);
    expect(applied.ok).toBe(true);
    sent.changes.forEach((change, at) => this.#note(change, results[at]!.status));
  }

  #note(change: Change, status: Answered): void {
    const model = this.#models.get(change.id)!;
    if (status === 'resend') {
      // Deleted or made anew meanwhile, it goes whole anyway.
      model.resend ||= model.deeds.length > 0 && model.deeds.every((deed) => deed.kind === 'update');
      return;
    }
    const waiting = model.deeds.filter((deed) => deed.stamp > latestStamp(change));
    // An answer to the edit alone, later than the one that asked for the row: the row is still asked for.
    if (waiting.length === 0 || change.op !== 'update') model.resend = false;
    model.deeds = waiting;
  }
}

/** What has to be sent of a record. */
function expected(table: TableName, { row, deeds, resend }: Model): object | undefined {
  if (deeds.length === 0) return undefined;
  if (row === null) return { op: 'delete', stamps: {} };
  const from = deeds.findLastIndex((deed) => deed.kind === 'insert');
  const since = deeds.slice(Math.max(0, from));
  const columns = from >= 0 || resend ? columnsOf(table) : [...new Set(since.flatMap((deed) => deed.columns))];
  const stampFor = (column: string) => since.findLast((deed) => deed.columns.includes(column))?.stamp;
  return {
    op: from >= 0 || resend ? 'insert' : 'update',
    values: Object.fromEntries(columns.map((column) => [column, row[column]])),
    stamps: Object.fromEntries(columns.flatMap((column) => (stampFor(column) ? [[column, stampFor(column)]] : []))),
  };
}

/** Which columns with which values, and when those that were edited were. The others of a row sent whole have any stamp. */
function essence(change: Change, { deeds }: Model): object {
  if (change.op === 'delete') return { op: 'delete', stamps: {} };
  const edited = Object.keys(change.values!).filter((column) => deeds.some((deed) => deed.columns.includes(column)));
  const stamps = Object.fromEntries(edited.map((column) => [column, stampOf(change, column)]));
  return { op: change.op, values: change.values, stamps };
}
