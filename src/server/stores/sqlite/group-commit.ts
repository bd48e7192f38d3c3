/**
 * Group commit: what arrives together is written in one transaction with a savepoint each, so that one flush to the disk
 * serves many. A job resolves only after the commit; a job that throws is undone alone.
 */
import type Database from 'better-sqlite3';

/** A transaction takes jobs up to this weight, so that it does not hold up the event loop for long. */
const transactionWeight = 2_000;

interface Job {
  readonly weight: number;
  readonly run: () => void;
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

export interface GroupCommit {
  /** `weight`: roughly how many rows the work touches. */
  run<T>(weight: number, work: () => T): Promise<T>;
  /** Writes what waits, at once. */
  drain(): void;
}

export function createGroupCommit(database: Database.Database): GroupCommit {
  const statements = {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    savepoint: database.prepare('SAVEPOINT job'),
    release: database.prepare('RELEASE job'),
    undo: database.prepare('ROLLBACK TO job'),
  };
  const waiting: Job[] = [];
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    // After the requests that this turn of the event loop has read.
    setImmediate(() => {
      scheduled = false;
      commitNext();
      schedule();
    });
  };

  /** Runs one job inside the open transaction. Throws when SQLite gave up the whole transaction. */
  const runJob = (job: Job): (() => void) => {
    statements.savepoint.run();
    try {
      job.run();
      statements.release.run();
      return job.settle;
    } catch (error) {
      if (!database.inTransaction) throw error;
      statements.undo.run();
      statements.release.run();
      return () => job.fail(error);
    }
  };

  const commitNext = (): void => {
    const jobs = takeUpTo(waiting, transactionWeight);
    if (jobs.length === 0) return;
    try {
      statements.begin.run();
      const settlements = jobs.map(runJob);
      statements.commit.run();
      for (const settle of settlements) settle();
    } catch (error) {
      if (database.inTransaction) statements.rollback.run();
      for (const job of jobs) job.fail(error);
    }
  };

  return {
    run<T>(weight: number, work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        let value: T;
        waiting.push({ weight, run: () => void (value = work()), settle: () => resolve(value), fail: reject });
        schedule();
      });
    },
    drain() {
      while (waiting.length > 0) commitNext();
    },
  };
}

function takeUpTo(jobs: Job[], weight: number): Job[] {
  let sum = 0;
  const end = jobs.findIndex((job, index) => index > 0 && (sum += jobs[index - 1]!.weight) + job.weight > weight);
  return jobs.splice(0, end === -1 ? jobs.length : end);
}
