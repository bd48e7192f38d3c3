/**
 * Bugs to plant, each a mistake that an engine like this can have. They show that the simulation bites: every one has to
 * be caught (mutations.test.ts, `npm run sim -- --plant NAME`).
 */
import type { Change, SyncReply } from '../../src/protocol/messages.ts';
import { latestStamp, stampOf } from '../../src/sync/change.ts';
import { mergeChange } from '../../src/sync/merge.ts';
import type { Batch } from '../../src/sync/ports.ts';
import type { Plant } from './plant.ts';

export const plants = {
  'changes leave the outbox before the server has answered': {
    store: (store) => ({
      ...store,
      gather: async (direction) => {
        const batch = await store.gather(direction);
        if (batch.ok) await store.apply(batch.value, invented(batch.value));
        return batch;
      },
    }),
  },
  'an acknowledgement is not stored': {
    store: (store) => ({ ...store, apply: (sent, reply) => store.apply(withoutChanges(sent), withoutResults(reply)) }),
  },
  'the cursor goes one too far': {
    sql: (sql) => sql.replace('SET cursor = max(cursor, ?)', 'SET cursor = max(cursor, ? + 1)'),
  },
  'the cursor is stored before the rows, in a transaction of its own': {
    store: (store, pause) => ({
      ...store,
      apply: async (sent, reply) => {
        const first = await store.apply(sent, { ...reply, changes: [] });
        if (!first.ok) return first;
        await pause();
        return store.apply(withoutChanges(sent), withoutResults(reply));
      },
    }),
  },
  'acknowledgements are stored before the rows, and rows after a pause': {
    store: (store, pause) => ({
      ...store,
      apply: async (sent, reply) => {
        await pause();
        const rows = await store.apply(withoutChanges(sent), withoutResults(reply));
        if (!rows.ok) return rows;
        return store.apply(sent, { ...reply, changes: [], cursor: reply.cursor + 1 });
      },
    }),
  },
  'the wrong device wins a tie': {
    ties: true,
    merge: (input) => mergeChange({ ...input, change: tieBroken(input) }),
  },
  'newer edits are dropped with the answer to older ones': {
    sql: (sql) => sql.replace('WHERE tbl = ? AND id = ? AND stamp = ?', 'WHERE tbl = ? AND id = ? AND stamp >= ?'),
  },
  'a word that was added anew counts as sent': {
    sql: (sql) => sql.replace('SELECT op, stamp, since, stamps, base', 'SELECT op, stamp, 0, stamps, base'),
  },
  'pulled rows are written over dirty columns': {
    sql: (sql) => sql.replace('SELECT id, op, stamps FROM outbox WHERE tbl = ?', '$& AND 0'),
  },
  'a left-over log is replayed over newer pages': { keepsLog: true },
  'a left-over log is overlooked': { overlooksLog: true },
  'a page that is about to open the file is not waited for': {
    link: (link) => ({ ...link, expectsPort: () => false }),
  },
  'what was seen of a device is not kept': {
    merge: (input) => {
      const merged = mergeChange(input);
      return { ...merged, row: merged.row && { ...merged.row, seen: {} } };
    },
  },
  'the loser of a conflict is dropped': { merge: (input) => ({ ...mergeChange(input), conflicts: [] }) },
  'the clock does not go on after what was seen': {
    store: (store) => ({ ...store, apply: (sent, reply) => store.apply(sent, { ...reply, clock: 0 }) }),
  },
  'tombstones are ignored': {
    store: (store) => ({ ...store, apply: (sent, reply) => store.apply(sent, withoutTombstones(reply)) }),
  },
  'the base is taken when an edit is sent, not when it is made': {
    store: (store) => ({
      ...store,
      gather: async (direction) => {
        const batch = await store.gather(direction);
        return batch.ok ? { ok: true, value: rebased(batch.value) } : batch;
      },
    }),
  },
  'direct mode does not wait for the lock': { withoutLock: true },
  'a write is not in a transaction': {
    sql: (sql) => (sql === 'BEGIN IMMEDIATE' || sql === 'COMMIT' ? 'SELECT 1' : sql),
  },
  'an edit of a note is not captured': {
    schema: ['DROP TRIGGER vocabulary_item_updated'],
  },
  'a row that was pushed cleanly keeps its old sequence': {
    sql: (sql) =>
      sql.replace(/^(UPDATE \w+ SET _seq = \?) WHERE id = \? AND _seq < \?$/, '$1 WHERE id = ? AND _seq > ?'),
  },
  'a preview moves the cursor': {
    answer: (reply) => (reply.preview ? { ...withoutMark(reply), cursor: highestIn(reply) } : reply),
  },
  'a page leaves its last row out': { answer: (reply) => ({ ...reply, changes: withoutLast(reply.changes) }) },
  'an answer is stored after the account was left': {
    often: ['account'],
    store: (store) => ({
      ...store,
      apply: async (sent, reply) => {
        const now = await store.gather('down');
        if (!now.ok) return now;
        const { user, device } = now.value;
        return store.apply({ ...sent, user, device }, reply);
      },
    }),
  },
  'what a device has heard of the history is not sent': {
    often: ['restoreServer'],
    store: (store) => ({
      ...store,
      gather: async (direction) => {
        const batch = await store.gather(direction);
        return batch.ok ? { ok: true, value: { ...batch.value, known: 0, epoch: '' } } : batch;
      },
    }),
  },
  'what a restored server lost is not brought back': {
    often: ['restoreServer'],
    store: (store) => ({
      ...store,
      beginReload: (reload) => store.beginReload({ ...reload, common: Number.MAX_SAFE_INTEGER }),
    }),
  },
  'an edit that was answered for is forgotten before its row has come': {
    often: ['restoreServer'],
    sql: (sql) =>
      sql.startsWith('INSERT INTO answered_edit') ? sql.replace('WHERE id = ?', 'WHERE 0 AND id = ?') : sql,
  },
  'a copy of a device is taken for the device': {
    often: ['restoreDevice'],
    request: (request) => ({ ...request, writers: [] }),
  },
  'a device that was copied goes on under its id': {
    often: ['restoreDevice'],
    store: (store) => ({ ...store, takeNewId: () => Promise.resolve({ ok: true, value: null }) }),
  },
  'a device that was retired goes on under its id': {
    often: ['retire'],
    store: (store) => ({
      ...store,
      beginReload: (reload) => store.beginReload(reload.cause === 'retired' ? { ...reload, cause: 'away' } : reload),
    }),
  },
  'a row that its table refuses is passed over': {
    often: ['refuse'],
    sql: (sql) =>
      sql.startsWith('INSERT INTO held_row')
        ? sql.replace('VALUES (?, ?, ?, ?, ?)', 'SELECT ?, ?, ?, ?, ? WHERE 0')
        : sql,
  },
  'a row that was set aside is not tried again': {
    often: ['refuse'],
    sql: (sql) => (sql === 'SELECT tbl, id, seq, row FROM held_row' ? `${sql} WHERE 0` : sql),
  },
  'what is to be loaded anew is not': {
    often: ['compact', 'delete'],
    store: (store) => ({
      ...store,
      beginReload: (reload) =>
        reload.cause === 'away' ? Promise.resolve({ ok: true, value: null }) : store.beginReload(reload),
    }),
  },
} as const satisfies Record<string, Plant>;

export type PlantName = keyof typeof plants;

function invented(batch: Batch): SyncReply {
  const results = batch.changes.map(() => ({ status: 'applied', seq: 0 }) as const);
  const { cursor, epoch } = batch;
  return { results, changes: [], cursor, epoch, head: 0, more: false, clock: 0, serverTime: 1_800_000_000_000 };
}

function withoutChanges(sent: Batch): Batch {
  return { ...sent, changes: [] };
}

function withoutResults(reply: SyncReply): SyncReply {
  return { ...reply, results: [] };
}

function withoutTombstones(reply: SyncReply): SyncReply {
  return { ...reply, changes: reply.changes.map((page) => only(page, (index) => !page.deleted.includes(index))) };
}

/** As a page, which the engine takes at its word: what is marked as a preview it would refuse. */
function withoutMark({ preview: _preview, ...reply }: SyncReply): SyncReply {
  return reply;
}

function highestIn({ changes }: SyncReply): number {
  return Math.max(0, ...changes.flatMap(({ seqs }) => seqs));
}

function withoutLast(changes: SyncReply['changes']): SyncReply['changes'] {
  return changes.map((page) => only(page, (index) => index < page.ids.length - 1));
}

function only(page: SyncReply['changes'][number], keeps: (index: number) => boolean): SyncReply['changes'][number] {
  const kept = page.ids.map((_, index) => index).filter(keeps);
  const pick = <T>(list: readonly T[]): T[] => kept.map((index) => list[index]!);
  return {
    ...page,
    ids: pick(page.ids),
    seqs: pick(page.seqs),
    deleted: kept.flatMap((index, position) => (page.deleted.includes(index) ? [position] : [])),
    values: page.values.map((column) => pick(column)),
  };
}

function rebased(batch: Batch): Batch {
  const changes = batch.changes.map((change): Change => {
    if (change.op !== 'update') return { ...change, baseSeq: batch.cursor };
    const base = Object.entries(change.base ?? {}).map(([name, [, value]]) => [name, [batch.cursor, value]] as const);
    return { ...change, baseSeq: batch.cursor, base: Object.fromEntries(base) };
  });
  return { ...batch, changes };
}

/** Where the stamps are the same, the change is moved to the other side of the row's. */
function tieBroken({ row, change, device }: Parameters<typeof mergeChange>[0]): Change {
  const tied = Object.keys(change.values ?? {}).filter(
    (name) => row?.columns[name]?.stamp === stampOf(change, name) && row.columns[name].device !== device,
  );
  if (tied.length === 0 || !row) return change;
  const moved = tied.map((name) => {
    const wins = device > row.columns[name]!.device;
    return [name, stampOf(change, name) + (wins ? -1 : 1)] as const;
  });
  return { ...change, stamp: latestStamp(change), stamps: { ...change.stamps, ...Object.fromEntries(moved) } };
}
