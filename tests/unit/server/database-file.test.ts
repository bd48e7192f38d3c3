import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabaseFile } from '../../../src/server/stores/sqlite/database-file.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-file-'));
  file = path.join(directory, 'sub/lorikeet.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(at = file): Database.Database {
  const opened = openDatabaseFile(at);
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

function refusal(at = file): string {
  const opened = openDatabaseFile(at);
  if (opened.ok) {
    opened.value.close();
    return '';
  }
  return opened.error;
}

/** Cuts off the end of a file with rows in it. */
/** Closes it, too. */
function fill(database: Database.Database): void {
  database.exec(`INSERT INTO account (id, name, name_key, password_hash, created_at) VALUES ('u', 'u', 'u', '', 0)`);
  const insert = database.prepare(
    `INSERT INTO row (user, tbl, id, seq, deleted, data, meta) VALUES (1, 't', ?, ?, 0, ?, '')`,
  );
  database.transaction(() => {
    for (let at = 0; at < 500; at += 1) insert.run(`r${at}`, at, 'x'.repeat(500));
  })();
  database.close();
}

function damage(database: Database.Database): void {
  fill(database);
  truncateSync(file, 200_000);
}

describe('the file', () => {
  it('is made with its directory, survives a power cut, and opens again', () => {
    const database = open();
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
    expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
    database.close();
    open().close();
  });

  it('with no table yet is brought to the present version', () => {
    open().close();
    const empty = path.join(directory, 'empty.db');
    writeFileSync(empty, '');
    const tables = (database: Database.Database) => {
      const names = database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all();
      database.close();
      return names;
    };
    expect(tables(open(empty))).toEqual(tables(open()));
  });

  it('of version 1 keeps its sessions, which get ids of their own for the list', () => {
    const v1 = readFileSync(new URL('../../fixtures/server/v1.sql', import.meta.url), 'utf8');
    mkdirSync(path.dirname(file));
    const old = new Database(file).exec(v1);
    old.close();
    const database = open();
    const sessions = database.prepare('SELECT length(id) AS length, used_at - created_at AS since FROM session').all();
    const ids = database.prepare('SELECT count(DISTINCT id) FROM session').pluck().get();
    database.close();
    expect({ sessions, ids }).toEqual({
      sessions: Array.from({ length: 3 }, () => ({ length: 32, since: 0 })),
      ids: 3,
    });
  });

  it('is refused, untouched, when it is something else', () => {
    const text = 'this is a letter to my aunt. '.repeat(100);
    const letter = path.join(directory, 'letter.txt');
    writeFileSync(letter, text);
    expect(refusal(letter)).toBe(`${letter} is not a SQLite database. Point LORIKEET_DATA to another file.`);
    expect(readFileSync(letter, 'utf8')).toBe(text);
  });

  it('is refused when it belongs to another program', () => {
    const other = path.join(directory, 'other.db');
    new Database(other).exec('CREATE TABLE account (id)').close();
    expect(refusal(other)).toContain('of another program');
  });

  it('is refused when a newer server wrote it', () => {
    const database = open();
    database.pragma('user_version = 99');
    database.close();
    expect(refusal()).toMatch(/newer server \(version 99, this one knows \d+\)/);
  });

  it('is refused when it is damaged', () => {
    damage(open());
    expect(refusal()).toContain('is damaged');
  });

  it('is refused when a page in its midst is not what SQLite wrote', () => {
    fill(open());
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.alloc(4_096, 0xff), 0, 4_096, statSync(file).size - 2 * 4_096);
    closeSync(handle);
    expect(refusal()).toContain('is damaged');
  });

  it('is opened without the check of all its pages when it is very large: that would hold up the start', () => {
    damage(open());
    truncateSync(file, 300 * 1024 * 1024);
    open().close();
  });

  it('is refused when it cannot be opened, with the reason', () => {
    expect(refusal(directory)).toMatch(/cannot be opened: .+\.$/);
    open().close();
    expect(refusal(path.join(file, 'below-a-file.db'))).toMatch(/cannot be opened: .+\.$/);
  });
});
