/**
 * The engine's view of the client database (`SyncStore`): each method one transaction, so that a kill between any two
 * steps resumes where it stopped (I5). The same code runs in the database worker and, directly on the file, in the
 * service worker.
 */
import { err, ok, type Result } from '../../base/result.ts';
import type { Failure } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import type { Stamp, SyncReply } from '../../protocol/messages.ts';
import { unpackParts } from '../../protocol/packed-pages.ts';
import { stampAt } from '../../sync/clock.ts';
import type { Applied, Batch, NextAttempt, SyncStore } from '../../sync/ports.ts';
import type { Direction, SyncReport } from '../../sync/report.ts';
import { answered, noWriters, restamped, sentStates } from '../../sync/writers.ts';
import { noteAnswered } from './answered-edits.ts';
import type { Database, ReadSql, WriteOrigin, WriteSql } from './database.ts';
import { StorageError } from './driver.ts';
import { forgetDeleted, moveHeld, pullDamagedAgain, retryHeld, storeRows, storeWhole } from './held-rows.ts';
import { gatherChanges } from './dirty-records.ts';
import { acknowledge, markStored, setAside } from './outbox.ts';
import { latestWaiting, readPast, writePast } from './past.ts';
import { advanceRefill } from './refill.ts';
import { confirmAnswered, confirmPulled, finishReload, reloadOf, startReload } from './reload.ts';
import { createTally, tallyOfRefused } from './store-tally.ts';
import { readStamps, unlessDamaged } from './stored-json.ts';

/** A device clock less wrong than this is left alone: a request's own time is in the difference. Milliseconds. */
const tolerableOffset = 2_000;
const runsKept = 1_000;
/**
 * Frames in the log after which SQLite folds it into the file at a commit. While more pages of a pull are to come, most
 * pages of the file are about to be written again, so a long pull folds only what would make the log too large (40 MB);
 * the rest is folded by the commit that records the run, when all rows can be used already. Not always so many: a start
 * after a kill reads the log first.
 */
const foldAfter = { ordinarily: 1_000, inLongPull: 10_000 } as const;
/** Corrected stamps stay this much below the server's bound, so that the next edits are accepted too. Milliseconds. */
const correctionRoom = 5;

export function createSyncStore(database: Database): SyncStore {
  /** Every commit is durable before the engine hears of it (I2, I6). */
  const commit = async <T>(work: (sql: WriteSql) => T, origin: WriteOrigin = 'sync'): Promise<Result<T, Failure>> => {
    const done = guard(() => database.write(work, origin));
    if (!done.ok) return done;
    const persisted = await database.driver.persist();
    return persisted.ok ? done : persisted;
  };
  /** Commits what the server said about `sent`, if that is still this device's. */
  const commitCurrent = async <T>(
    sent: Batch,
    work: (sql: WriteSql) => T,
    origin?: WriteOrigin,
  ): Promise<Result<T, Failure>> => {
    const current = guard(() => database.read((sql) => isCurrent(sql, sent)));
    if (!current.ok) return current;
    // Its rows are another's (I7), and its cursor is beyond rows that are gone (I6).
    if (!current.value) return err({ code: 'storage_busy', detail: 'the account was left meanwhile' });
    return commit(work, origin);
  };
  return {
    gather: (direction) => Promise.resolve(guard(() => database.read((sql) => readBatch(sql, direction)))),
    apply: async (sent, received) => {
      const reply = unpacked(received);
      if (!reply) return err({ code: 'bad_reply', detail: 'packed rows' });
      const store = (storePage: typeof storeRows) =>
        commitCurrent(
          sent,
          (sql) => storeReply(sql, { database, sent, reply, storePage }),
          reply.more ? 'load' : 'sync',
        );
      const whole = await store(storeWhole);
      // A row that its table refuses. The transaction is undone; once more, with care.
      if (whole.ok || whole.error.code !== 'storage_failed') return whole;
      return store(storeRows);
    },
    // The server has merged nothing: what it knows of this device's past is as before.
    setAside: (sent, refusal) =>
      commitCurrent(sent, (sql) => {
        const change = sent.changes[0]!;
        setAside(sql, { change, error: { code: refusal.code }, now: database.deviceTime() });
        return { tables: { [change.table]: tallyOfRefused(change, refusal) }, more: false };
      }),
    correctClock: (serverTime) => commit((sql) => restamp(sql, { database, serverTime })),
    takeNewId: () =>
      commit((sql) => {
        takeNewId(sql, database);
        sql.run(`UPDATE sync_state SET notice = 'copied'`);
        return null;
      }),
    beginReload: (reload) =>
      commit((sql) => {
        startReload(sql, reload);
        // The server never takes up a retired id again, and a restored one knows later stamps of the present one.
        if (reload.cause !== 'away') takeNewId(sql, database);
        return null;
      }),
    record: (report, next) =>
      commit((sql) => {
        pullDamagedAgain(sql);
        foldLogAfter(database, foldAfter.ordinarily);
        return storeRun(sql, { report, next });
      }),
  };
}

interface Storing {
  readonly database: Database;
  readonly sent: Batch;
  readonly reply: SyncReply;
  readonly storePage: typeof storeRows;
}

function storeReply(sql: WriteSql, { database, sent, reply, storePage }: Storing): Applied {
  if (reply.more) foldLogAfter(database, foldAfter.inLongPull);
  const tally = createTally({ sent, reply, now: () => database.deviceTime() });
  const reload = reloadOf(sql);
  acknowledge(sql, { changes: sent.changes, results: reply.results, now: reply.serverTime });
  if (sent.changes.length > 0) sql.run(writePast, [JSON.stringify(answered(readPast(sql), sent.writers))]);
  forgetDeleted(sql, sent.changes);
  // What was set aside takes the answered edits in before it is tried again: else it would come over them.
  const results = moveHeld(sql, sent.changes, reply.results);
  noteAnswered(sql, sent.changes, results);
  retryHeld(sql);
  for (const page of reply.changes) {
    if (!sql.schema.tableOf(page.table)) continue;
    if (reload) confirmPulled(sql, page);
    tally.stored(page, () => storePage(sql, page));
  }
  markStored(sql, sent.changes, results);
  if (reload) confirmAnswered(sql, sent.changes, reply.results);
  const isAtHead = moveOn(sql, { database, reply });
  if (reload && isAtHead) finishReload(sql);
  return { tables: tally.tables, more: isAtHead && advanceRefill(sql) };
}

function foldLogAfter(database: Database, frames: number): void {
  database.driver.exec(`PRAGMA wal_autocheckpoint = ${frames}`);
}

/** Null where the rows cannot be read: then nothing of the reply is stored. */
function unpacked(reply: SyncReply): SyncReply | null {
  if (!reply.packed) return reply;
  const changes = unpackParts(reply.packed);
  return changes && { ...reply, changes };
}

function guard<T>(work: () => T): Result<T, Failure> {
  try {
    return ok(work());
  } catch (error) {
    if (error instanceof StorageError) return err({ code: error.code, detail: error.message });
    throw error;
  }
}

function readBatch(sql: ReadSql, direction: Direction): Batch {
  const [state] = sql.arrays(`SELECT user_id, device, cursor, known, epoch, loads, attempts,
  cursor + known = 0 AND reload IS NULL,
  (SELECT value FROM setting WHERE key = 'sync_interval_minutes') FROM sync_state`);
  const [user, device, cursor, known, epoch, loads, attempts, isNew, minutes] = state as StateRow;
  const gathered = direction === 'down' || user === null ? nothingGathered : gatherChanges(sql);
  const writers = sentStates(readPast(sql), latestWaiting(sql));
  const interval = chosenInterval(minutes);
  return {
    user,
    device,
    schema: sql.schema.version,
    writers,
    cursor,
    known,
    epoch,
    isNew: isNew === 1,
    loads,
    attempts,
    interval,
    ...gathered,
  };
}

type StateRow = [
  user: string | null,
  device: string,
  cursor: number,
  known: number,
  epoch: string,
  loads: number,
  attempts: number,
  isNew: number,
  minutes: string | null,
];

const nothingGathered = { changes: [], more: false, unread: {} };

/** Milliseconds, from the setting's JSON: whole minutes, of a day at most. What is not that counts as no choice. */
function chosenInterval(minutes: string | null): number | null {
  const chosen = minutes !== null && /^[1-9][0-9]{0,3}$/.test(minutes) ? Number(minutes) : 0;
  return chosen >= 1 && chosen <= 1_440 ? chosen * 60_000 : null;
}

/** Whether the device is still what it was when the batch was read: not signed out, its rows removed, its load begun anew. */
function isCurrent(sql: ReadSql, { user, device, loads }: Batch): boolean {
  const [state] = sql.arrays('SELECT user_id, device, loads FROM sync_state');
  return state?.[0] === user && state[1] === device && state[2] === loads;
}

/** Another device has this one's id. What waits is sent under the new one, as edits of a device that was never seen. */
function takeNewId(sql: WriteSql, database: Database): void {
  const past = restamped(noWriters, database.newId());
  sql.run('UPDATE sync_state SET device = ?', [database.newId()]);
  sql.run(writePast, [JSON.stringify(past)]);
}

/** Cursor and clock go with the rows they cover (I6). Gives whether everything that the server has was pulled. */
function moveOn(sql: WriteSql, { database, reply }: { database: Database; reply: SyncReply }): boolean {
  const behind = reply.serverTime - database.deviceTime();
  const offset = Math.abs(behind) > tolerableOffset ? behind : 0;
  const rejected = reply.results.some((result) => result.status === 'rejected');
  // Undoing a rejected change may have moved the cursor back: it stays there, and the rows come again.
  const cursor = rejected ? 'min(cursor, ?)' : 'max(cursor, ?)';
  sql.run(
    `UPDATE sync_state SET cursor = ${cursor}, clock = max(clock, ?), clock_offset = ?, known = max(known, ?),
  epoch = CASE WHEN ? >= known THEN ? ELSE epoch END`,
    [reply.cursor, reply.clock, offset, reply.head, reply.head, reply.epoch],
  );
  database.observeStamp(reply.clock);
  database.setClockOffset(offset);
  return !reply.more && sql.arrays('SELECT 1 FROM sync_state WHERE cursor >= ?', [reply.cursor]).length > 0;
}

/**
 * The server refused stamps too far ahead: it never merged any of those, so they may be moved back. They line up, in
 * their order, just below what it accepts now, and the clock goes on after them. Not further back: a state that it has
 * merged, whose answer was lost and that was edited again since, is nowhere on this device, and what is not later than
 * that would count as seen. It was accepted some time ago, so its stamp lies below.
 */
function restamp(sql: WriteSql, { database, serverTime }: { database: Database; serverTime: number }): null {
  const bound = stampAt(serverTime + limits.clockAhead);
  // What cannot be read is not sent either, and stays as it is.
  const dirty = sql.arrays('SELECT tbl, id, stamp, since, stamps FROM outbox');
  const rows = dirty.filter(([, , , , json]) => unlessDamaged(() => readStamps(json!)));
  const observed = Number(sql.arrays('SELECT clock FROM sync_state')[0]?.[0] ?? 0);
  const stamps = rows.flatMap((row) => [Number(row[2]), Number(row[3]), ...Object.values(readStamps(row[4]!))]);
  const refused = [...new Set(stamps.filter((stamp) => stamp > bound))].sort((a, b) => a - b);
  const seen = stamps.filter((stamp) => stamp <= bound);
  let next = Math.max(bound - stampAt(correctionRoom) - refused.length, observed, ...seen);
  const corrected = new Map(refused.map((stamp) => [stamp, (next += 1)]));
  const correct = (stamp: Stamp) => corrected.get(stamp) ?? stamp;
  sql.runMany(
    'UPDATE outbox SET stamp = ?, since = ?, stamps = ? WHERE tbl = ? AND id = ?',
    rows.map(([tbl, id, stamp, since, json]) => {
      const columns = Object.entries(readStamps(json!)).map(([column, at]) => [column, correct(at)]);
      const text = json === null ? null : JSON.stringify(Object.fromEntries(columns));
      return [correct(Number(stamp)), correct(Number(since)), text, tbl!, id!];
    }),
  );
  const offset = serverTime - database.deviceTime();
  sql.run('UPDATE sync_state SET clock_offset = ?', [offset]);
  sql.run(writePast, [JSON.stringify(restamped(readPast(sql), database.newId()))]);
  database.setClock({ offset, stamp: next });
  return null;
}

function storeRun(sql: WriteSql, { report, next }: { report: SyncReport; next: NextAttempt }): null {
  sql.run(
    `INSERT INTO sync_run (direction, started_at, finished_at, processed, succeeded, failed, conflicts, bytes_sent, bytes_received, error, detail, reload, tables)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      report.direction,
      report.startedAt,
      report.finishedAt,
      report.processed,
      report.succeeded,
      report.failed,
      report.conflicts,
      report.bytesSent,
      report.bytesReceived,
      report.error?.code ?? null,
      report.error?.detail ?? null,
      report.reload,
      JSON.stringify(report.tables),
    ],
  );
  sql.run('DELETE FROM sync_run WHERE id <= (SELECT max(id) FROM sync_run) - ?', [runsKept]);
  sql.run(
    'UPDATE sync_state SET attempts = ?, next_attempt_at = ?, last_error = ?, last_sync_at = coalesce(?, last_sync_at)',
    [next.attempts, next.at, report.error?.code ?? null, report.error ? null : report.finishedAt],
  );
  return null;
}
