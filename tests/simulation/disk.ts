/**
 * A device's file: the database and its write-ahead log as real files, so that what a kill leaves is what a real SQLite
 * left. A worker opens them with better-sqlite3 as the product does in the browser (exclusive, WAL); the service worker
 * sees the same bytes as a pool in OPFS (pool.ts). Knows who has it open (I8).
 */
import BetterSqlite from 'better-sqlite3';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Dice } from './dice.ts';
import type { Verdict } from './verdict.ts';

export interface Files {
  readonly main: Buffer;
  readonly log: Buffer | null;
}

export class Disk {
  readonly path: string;
  /** Writes fail while it is full. */
  full = false;
  /** Pages in the log before SQLite folds it back by itself. */
  readonly foldAt: number;
  /** Set: the next commit is torn by a kill at this point of its writing, in [0, 1). */
  tear: number | null = null;
  readonly #openers = new Set<string>();
  readonly #verdict: Verdict;

  constructor(options: { path: string; empty: Uint8Array; foldAt: number; verdict: Verdict }) {
    this.path = options.path;
    this.#verdict = options.verdict;
    this.foldAt = options.foldAt;
    writeFileSync(this.path, options.empty);
  }

  get openers(): ReadonlySet<string> {
    return this.#openers;
  }

  opened(by: string): void {
    if (this.#openers.size > 0) this.#verdict.report('I8', `${by} opens what ${[...this.#openers].join()} has open`);
    this.#openers.add(by);
  }

  closed(by: string): void {
    this.#openers.delete(by);
  }

  read(): Files {
    return { main: readFileSync(this.path), log: readOrNull(`${this.path}-wal`) };
  }

  write({ main, log }: Files): void {
    writeFileSync(this.path, main);
    if (log) writeFileSync(`${this.path}-wal`, log);
    else rmSync(`${this.path}-wal`, { force: true });
  }

  writeMain(bytes: Uint8Array): void {
    writeFileSync(this.path, bytes);
  }

  writeLog(bytes: Uint8Array): void {
    writeFileSync(`${this.path}-wal`, bytes);
  }

  /** While nobody has the file open: changes it behind everyone's back. */
  change(sql: string): void {
    const database = new BetterSqlite(this.path);
    try {
      database.exec(sql);
    } catch (error) {
      this.#verdict.report('I8', `the file is damaged: ${String(error)}`);
    }
    database.close();
  }

  remove(): void {
    rmSync(this.path, { force: true });
    rmSync(`${this.path}-wal`, { force: true });
  }
}

/** What lies on the disk when a process is killed while it commits: a part of what it was writing, in its order. */
export function torn(before: Files, after: Files, cut: number): Files {
  if (!before.main.equals(after.main)) {
    // The log was written whole and is being folded back: some pages are there, some are not yet.
    return cut < 0.5
      ? { main: before.main, log: after.log }
      : { main: mixed(before.main, after.main, cut), log: after.log };
  }
  const old = before.log ?? Buffer.alloc(0);
  const next = after.log ?? Buffer.alloc(0);
  const first = firstDifference(old, next);
  const end = lastDifference(old, next);
  const at = first + Math.floor((end - first) * cut);
  const log = Buffer.concat([next.subarray(0, at), old.subarray(at)]);
  return { main: before.main, log };
}

function mixed(before: Buffer, after: Buffer, cut: number): Buffer {
  const page = 4_096;
  const image = Buffer.alloc(Math.max(before.length, after.length));
  for (let from = 0, number = 0; from < image.length; from += page, number += 1) {
    const isNew = (number * 7_919 + Math.floor(cut * 1_000)) % 10 < 5;
    (isNew && from < after.length ? after : before).copy(image, from, from, from + page);
  }
  // A file that only grew in part is a whole number of pages as well.
  return image.subarray(0, Math.max(before.length, after.length));
}

function firstDifference(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) if (a[at] !== b[at]) return at;
  return length;
}

function lastDifference(a: Buffer, b: Buffer): number {
  if (b.length > a.length) return b.length;
  for (let at = b.length; at > 0; at -= 1) if (a[at - 1] !== b[at - 1]) return at;
  return 0;
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

/** Whether this write of a full disk fails. Small ones may still find room. */
export function meetsTheEnd(disk: Disk, dice: Dice): boolean {
  return disk.full && dice.chance(0.7);
}
