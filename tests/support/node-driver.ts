/** The driver port on better-sqlite3: real SQLite and real triggers for tests in Node. */
import BetterSqlite from 'better-sqlite3';
import { ok } from '../../src/base/result.ts';
import type { Value } from '../../src/base/value.ts';
import { StorageError, type Driver, type Statement } from '../../src/client/db/driver.ts';

export function openNodeDriver(path = ':memory:'): Driver {
  const connection = new BetterSqlite(path);
  connection.pragma('journal_mode = wal');
  return {
    kind: 'memory',
    fullText: 'fts5',
    exec: (sql) => guard(() => void connection.exec(sql)),
    prepare: (sql) => guard(() => nodeStatement(connection.prepare(sql))),
    defineFunction: (name, value) => void connection.function(name, { deterministic: false }, value),
    persist: () => Promise.resolve(ok(null)),
    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

function nodeStatement(statement: BetterSqlite.Statement): Statement {
  const run = (params: readonly Value[]) =>
    guard(() => {
      if (!statement.reader) return statement.run(...params).changes;
      statement.all(...params);
      return 0;
    });
  return {
    run: (params = []) => run(params),
    runMany: (rows) => {
      for (const row of rows) run(row);
    },
    all: (params = []) => guard(() => statement.raw(false).all(...params) as Record<string, Value>[]),
    arrays: (params = []) => guard(() => statement.raw(true).all(...params) as Value[][]),
    finalize: () => undefined,
  };
}

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const full = error instanceof Error && 'code' in error && error.code === 'SQLITE_FULL';
    throw new StorageError(full ? 'storage_full' : 'storage_failed', String(error), { cause: error });
  }
}
