/**
 * The algebra of the merge (I3, I5). Each device of an account changes one row that all of them knew, and the server gets
 * the changes in some order. What "the same" means: the same columns stand or the row is deleted. Left out are sequences
 * and the rows of `conflict`, which tell of the order of arrival.
 *
 * - Idempotent, under every strategy: what comes again, anywhere later, changes nothing and makes no conflict.
 * - Associative, under every strategy: how the changes are cut into pushes makes no difference.
 * - Commutative under `latest_timestamp`, for edits that change something: one that says what stood before anyway is no
 *   rival to another that comes after it, though it may win over another that came before. `server_wins` and `manual_review` keep what came first and `local_wins` what came
 *   last, so those depend on the order by their nature: for them, columns that one device alone touched stand in any order.
 * - Under every strategy and in any order nothing typed is lost (I4): it stands, or a row of `conflict` has it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/base/value.ts';
import type { Change } from '../../src/protocol/messages.ts';
import type { ConflictStrategy, Table, Values } from '../../src/schema/column.ts';
import { tables, type TableName } from '../../src/schema/tables.ts';
import { mergePush, type MergedPush, type RowWrite, type StoredRows } from '../../src/server/exchange/merge-push.ts';
import { decodeRow } from '../../src/server/exchange/row-codec.ts';
import { mergeChange, type StoredRow } from '../../src/sync/merge.ts';
import { anyRow, editedTables, someValues } from '../support/arbitrary-rows.ts';
import { holds } from '../support/property.ts';

interface Sent {
  readonly device: string;
  readonly change: Change;
}

/** A row that all devices knew, and what each of them made of it since. */
interface Story {
  readonly table: TableName;
  readonly row: StoredRow;
  /** One a device: an outbox holds one record a row. */
  readonly sent: readonly Sent[];
  /** The order in which they arrive, as places in `sent`. */
  readonly order: readonly number[];
}

const id = 'row';
const baseSeq = 1;
const strategies: readonly ConflictStrategy[] = ['latest_timestamp', 'server_wins', 'local_wins', 'manual_review'];

/** Few stamps, so that ties happen; the device breaks them. */
const stamp = fc.integer({ min: 11, max: 16 });

/** What a device makes of the row, every value being another than before. */
function anyChange(table: TableName, before: Values): fc.Arbitrary<Change> {
  const update = fc
    .tuple(someValues(table, before), fc.array(stamp, { minLength: 20, maxLength: 20 }))
    .map(([values, at]) => {
      const stamps = Object.fromEntries(Object.keys(values).map((name, index) => [name, at[index]!]));
      return { table, id, op: 'update', stamp: Math.max(...Object.values(stamps)), stamps, values, baseSeq } as const;
    });
  const insert = fc
    .tuple(anyRow(table, before), stamp)
    .map(([values, at]) => ({ table, id, op: 'insert', stamp: at, values, baseSeq: 0 }) as const);
  const remove = stamp.map((at) => ({ table, id, op: 'delete', stamp: at, baseSeq }) as const);
  return fc.oneof<fc.WeightedArbitrary<Change>[]>(
    { weight: 5, arbitrary: update },
    { weight: 1, arbitrary: insert },
    { weight: 2, arbitrary: remove },
  );
}

const story: fc.Arbitrary<Story> = fc
  .constantFrom(...editedTables)
  .chain((table) => fc.tuple(fc.constant(table), anyRow(table)))
  .chain(([table, before]) =>
    fc.tuple(
      fc.constant({ table, row: knownRow(table, before) }),
      fc.array(anyChange(table, before), { minLength: 2, maxLength: 5 }),
    ),
  )
  .chain(([known, changes]) =>
    fc.record({
      table: fc.constant(known.table),
      row: fc.constant(known.row),
      sent: fc.constant(changes.map((change, index) => ({ device: `device-${index}`, change }))),
      order: fc.shuffledSubarray(Array.from(changes.keys()), { minLength: changes.length }),
    }),
  );

function knownRow(table: TableName, values: Values): StoredRow {
  return merge({
    row: null,
    sent: { device: 'first', change: { table, id, op: 'insert', stamp: 10, values, baseSeq: 0 } },
  }).row!;
}

function merge(at: { row: StoredRow | null; sent: Sent; seq?: number; strategy?: ConflictStrategy }) {
  const { row, sent, seq = 1, strategy = 'latest_timestamp' } = at;
  return mergeChange({ row, ...sent, cursor: baseSeq, seq, now: 7, strategyFor: () => strategy });
}

interface Ended {
  readonly row: StoredRow;
  readonly conflicts: readonly Values[];
}

/** One after the other, each with the next sequence. */
function arrive(row: StoredRow, all: readonly Sent[], strategy: ConflictStrategy): Ended {
  let at: Ended = { row, conflicts: [] };
  all.forEach((sent, index) => {
    const merged = merge({ row: at.row, sent, seq: 2 + index, strategy });
    at = { row: merged.row ?? at.row, conflicts: [...at.conflicts, ...merged.conflicts] };
  });
  return at;
}

/** What devices see of a row. */
function standing({ row }: { row: StoredRow }): Record<string, Value> | null {
  return row.deleted ? null : Object.fromEntries(Object.entries(row.columns).map(([name, { value }]) => [name, value]));
}

const inOrder = ({ sent, order }: Story): Sent[] => order.map((index) => sent[index]!);

describe('changes of several devices to one row', () => {
  it('end the same in whatever order they arrive: the later stamp stands', () => {
    holds(
      fc.property(story, (all) => {
        const one = arrive(all.row, all.sent, 'latest_timestamp');
        const other = arrive(all.row, inOrder(all), 'latest_timestamp');
        expect(standing(other)).toEqual(standing(one));
      }),
      { numRuns: 500 },
    );
  });

  it.each(strategies)('that come again change nothing and make no conflict, under %s', (strategy) => {
    holds(
      fc.property(story, fc.nat(), (all, again) => {
        const arriving = inOrder(all);
        const before = arrive(all.row, arriving, strategy);
        const merged = merge({ row: before.row, sent: arriving[again % arriving.length]!, seq: 99, strategy });
        expect(merged.result.status).toBe('duplicate');
        expect(merged.conflicts).toEqual([]);
        expect(standing({ row: merged.row ?? before.row })).toEqual(standing(before));
      }),
      { numRuns: 150 },
    );
  });

  it.each(strategies)('end the same however they are cut into pushes, under %s', (strategy) => {
    holds(
      fc.property(story, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (all, cuts) => {
        // Of one device, so that one push can hold several; each of another record, as an outbox sends them.
        const changes = all.sent.flatMap(({ change }, index) => [
          whole(all.row, all.table, `row-${index}`),
          { ...change, id: `row-${index}` },
        ]);
        const pieces = cut(changes, cuts);
        expect(contents(pushAll(pieces, strategy))).toEqual(contents(pushAll([changes], strategy)));
        expect(
          contents(
            pushAll(
              changes.map((change) => [change]),
              strategy,
            ),
          ),
        ).toEqual(contents(pushAll([changes], strategy)));
      }),
      { numRuns: 60 },
    );
  });

  it.each(strategies)('leave columns that one device alone edited as it left them, under %s', (strategy) => {
    holds(
      fc.property(story, (all) => {
        const edits = inOrder(all).filter(({ change }) => change.op === 'update');
        const { row } = arrive(all.row, edits, strategy);
        for (const { change, device } of edits) {
          for (const [name, value] of Object.entries(change.values!)) {
            if (edits.some((other) => other.device !== device && name in other.change.values!)) continue;
            expect(row.columns[name]!.value).toBe(value);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each<[ConflictStrategy, 'first' | 'last']>([
    ['server_wins', 'first'],
    ['manual_review', 'first'],
    ['local_wins', 'last'],
  ])('under %s keep of each column what came %s', (strategy, which) => {
    holds(
      fc.property(story, (all) => {
        const edits = inOrder(all).filter(({ change }) => change.op === 'update');
        const { row } = arrive(all.row, edits, strategy);
        for (const name of Object.keys(row.columns)) {
          const values = edits.flatMap(({ change }) => (name in change.values! ? [change.values![name]!] : []));
          const [kept = all.row.columns[name]!.value] = which === 'first' ? values : values.slice(-1);
          expect(row.columns[name]!.value).toBe(kept);
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each(strategies)('lose nothing that was typed, under %s', (strategy) => {
    holds(
      fc.property(story, (all) => {
        const { row, conflicts } = arrive(all.row, inOrder(all), strategy);
        const stands = standing({ row });
        for (const { change } of all.sent) {
          for (const [name, value] of Object.entries(change.values ?? {})) {
            if (isComputed(all.table, name) || stands?.[name] === value) continue;
            const kept = conflicts.some((conflict) => holdsValue(conflict, name, value));
            expect(kept, `${name}: ${JSON.stringify(value)}`).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

function isComputed(table: TableName, column: string): boolean {
  return (tables[table] as Table).columns[column]!.computed === true;
}

/** Whether a row of `conflict` has the value of the column, as what lost or, for a deletion that lost, as what was kept. */
function holdsValue(conflict: Values, column: string, value: Value): boolean {
  if (conflict['column_name'] === column) return conflict['lost_value'] === JSON.stringify(value);
  const kept = JSON.parse(String(conflict['kept_value'])) as Record<string, Value> | null;
  return conflict['column_name'] === '' && kept !== null && kept[column] === value;
}

/** The known row as its first device sent it, under an id. */
function whole(row: StoredRow, table: TableName, of: string): Change {
  return { table, id: of, op: 'insert', stamp: 10, values: standing({ row })!, baseSeq: 0 };
}

function cut<T>(all: readonly T[], cuts: readonly boolean[]): T[][] {
  const pieces: T[][] = [[]];
  all.forEach((each, index) => {
    if (cuts[index % cuts.length] && pieces.at(-1)!.length > 0) pieces.push([]);
    pieces.at(-1)!.push(each);
  });
  return pieces;
}

/** A server in memory on the pushes' own merge. */
function pushAll(pieces: readonly (readonly Change[])[], strategy: ConflictStrategy): Map<string, RowWrite> {
  const stored = new Map<string, RowWrite>();
  const rows: StoredRows = {
    row: (table, of) => {
      const found = stored.get(`${table} ${of}`);
      return found ? decodeRow(of, found.seq, found) : null;
    },
    choices: () => [{ id: 'choice', key: 'conflict', value: JSON.stringify(strategy) }],
  };
  let ids = 0;
  let account = { head: 0, clock: 0 };
  for (const changes of pieces) {
    const sender = { user: 'ana', device: 'first', schema: 1, session: null, writers: [], epoch: '' };
    const push = { ...sender, cursor: 0, known: 0, changes, limit: 0, now: 7 };
    const merged: MergedPush = mergePush({ push, account, rows, newId: () => `conflict-${(ids += 1)}` });
    account = { head: merged.head, clock: merged.clock };
    for (const write of merged.writes) stored.set(`${write.table} ${write.id}`, write);
  }
  return stored;
}

/** All of what is stored but whether a push left it clean, which is about its own reply. */
function contents(stored: Map<string, RowWrite>): unknown[] {
  return [...stored.values()]
    .map(({ clean: _, ...write }) => write)
    .sort((a, b) => (`${a.table} ${a.id}` < `${b.table} ${b.id}` ? -1 : 1));
}
