/** Counting what a run did, by table and in total. */
import type { Applied, AppliedTable, Batch } from './ports.ts';
import type { TableError, TableReport, Tally } from './report.ts';

export type Tables = Readonly<Record<string, TableReport>>;

/** More kinds of error than this say nothing more. */
const errorsKept = 5;

export function addApplied(tables: Tables, applied: Applied): Tables {
  return add(tables, applied.tables);
}

/** Records that could not be read failed, as often as it was tried. */
export function addUnread(tables: Tables, unread: Batch['unread']): Tables {
  const entries = Object.entries(unread).map(([table, { count, errors }]) => {
    return [table, { ...idle, sent: count, failed: count, errors }] as const;
  });
  return add(tables, Object.fromEntries(entries));
}

export function totalOf(tables: Tables): Tally {
  return Object.values(tables).reduce<Tally>(
    (sum, tally) => ({
      processed: sum.processed + tally.processed,
      succeeded: sum.succeeded + tally.succeeded,
      failed: sum.failed + tally.failed,
      conflicts: sum.conflicts + tally.conflicts,
    }),
    { processed: 0, succeeded: 0, failed: 0, conflicts: 0 },
  );
}

function add(tables: Tables, more: Readonly<Record<string, AppliedTable>>): Tables {
  const sum: Record<string, TableReport> = { ...tables };
  for (const [table, applied] of Object.entries(more)) {
    const { sent, received, failed, conflicts, errors, duration, bytes } = applied;
    const before = sum[table] ?? nothing;
    sum[table] = {
      processed: before.processed + sent + received,
      succeeded: before.succeeded + sent + received - failed,
      failed: before.failed + failed,
      conflicts: before.conflicts + conflicts,
      errors: addErrors(before.errors, errors),
      duration: before.duration + duration,
      bytes: before.bytes + bytes,
    };
  }
  return sum;
}

/** The same error of many rows is one. */
export function addErrors(known: readonly TableError[], more: readonly TableError[]): readonly TableError[] {
  const sum = [...known];
  for (const error of more) {
    const isKnown = sum.some(({ code, detail }) => code === error.code && detail === error.detail);
    if (!isKnown && sum.length < errorsKept) sum.push(error);
  }
  return sum;
}

const idle: AppliedTable = { sent: 0, received: 0, failed: 0, conflicts: 0, errors: [], duration: 0, bytes: 0 };
const nothing: TableReport = {
  processed: 0,
  succeeded: 0,
  failed: 0,
  conflicts: 0,
  errors: [],
  duration: 0,
  bytes: 0,
};
