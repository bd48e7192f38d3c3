/**
 * A copy of the server's file while the server writes to it: what was committed when the copy began, all of it and nothing
 * else. It is a file of its own, without a log beside it, and appears under its name only when it is whole, checked and on
 * the disk.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { err, ok, type Result } from '../../../base/result.ts';

export interface Backup {
  readonly accounts: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Never writes over a file. The error is a sentence for the operator. */
export function backUp({ from, to }: { readonly from: string; readonly to: string }): Result<Backup, string> {
  if (!existsSync(from)) return err(`${from} is not there. LORIKEET_DATA must name the server's file.`);
  if (existsSync(to)) return err(`${to} is there already; a backup never takes the place of another file.`);
  const partial = `${to}.partial`;
  try {
    // Of a backup that was cut short.
    rmSync(partial, { force: true });
    copy(from, partial);
    const counts = check(partial);
    if (!counts) return err(`${from} is damaged: its copy does not pass the check. No backup was made.`);
    flush(partial);
    renameSync(partial, to);
    flush(dirname(to));
    return ok({ ...counts, bytes: statSync(to).size });
  } catch (error) {
    return err(`${from} cannot be copied to ${to}: ${(error as Error).message}.`);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** One read transaction: unlike SQLite's page by page backup it need not begin again whenever the server writes. */
function copy(from: string, to: string): void {
  const database = new Database(from, { readonly: true, fileMustExist: true });
  try {
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
}

/** Null when the copy is damaged. */
function check(file: string): Omit<Backup, 'bytes'> | null {
  const database = new Database(file, { readonly: true });
  try {
    if (database.pragma('integrity_check(1)', { simple: true }) !== 'ok') return null;
    const count = (table: 'account' | 'row'): number =>
      database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get()!;
    return { accounts: count('account'), rows: count('row') };
  } finally {
    database.close();
  }
}

/** SQLite leaves it to the system when what `VACUUM INTO` wrote gets to the disk. */
function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
