/**
 * An exchange is two round trips: one statement reads all that the push meets, from one snapshot; it is merged here; one
 * statement writes what comes of it, but only if nobody else wrote to the account in between (`version`). Otherwise the
 * exchange starts again. Exchanges of different accounts that come at the same time share both statements. In one process a
 * user's pushes wait for each other, so that starting again is rare.
 *
 * The head moves in the transaction that writes the rows, and holds the account's row until then: whoever sees a head sees
 * every row up to it (I6).
 */
import { err, ok, type Result } from '../../../base/result.ts';
import {
  shortPull,
  StoreUnavailable,
  UnknownAccount,
  type Pulled,
  type Push,
  type Refusal,
} from '../../change-store.ts';
import { epochsWith, isInEpoch, noteOf, refusalOf, told } from '../../exchange/admission.ts';
import { mergePush } from '../../exchange/merge-push.ts';
import { pull } from '../../exchange/page.ts';
import { createAccountKeys } from './account-keys.ts';
import { createBatches } from './batches.ts';
import { isOfOneStatement, type Connections, type Session, type Statement } from './connections.ts';
import { readAll, type Asked, type Met } from './exchange-read.ts';
import { writeAll, type Write } from './exchange-write.ts';
import { createTurns } from './turns.ts';

/** After so many times that another server was faster, the account is locked first. */
const optimisticTries = 4;
/** Batches at once: one is merged here while another is in the database. */
const lanes = 3;
/** Of a batch, in changes: as in the SQLite store, so that none holds up the event loop for long. */
const heaviest = 2_000;

type Exchanged = Result<Pulled, Refusal>;

export type Exchange = (push: Push) => Promise<Exchanged>;

/** Null: somebody else wrote to the account in between; again. An error is that of this exchange alone. */
type Attempt = Exchanged | null | Error;

/** What an exchange comes to, if it can be written. */
interface Draft {
  readonly exchanged: Exchanged;
  /** Null: nothing is to be written. */
  readonly write: Write | null;
}

export function createExchange(connections: Connections, newId: () => string): Exchange {
  const inTurn = createTurns();
  const keyOf = createAccountKeys(connections);

  const attemptAll = async (session: Session, asked: readonly Asked[]): Promise<Attempt[]> => {
    const met = await readAll(session, asked);
    const drafts = asked.map((one, at) => draftOf(one, met[at]!, newId));
    const writes = new Map<string, Write>();
    for (const draft of drafts) {
      if (draft instanceof Error || draft.write === null || writes.has(draft.write.key)) continue;
      writes.set(draft.write.key, draft.write);
    }
    const written = await writeAll(session, [...writes.values()]);
    return drafts.map((draft) => {
      if (draft instanceof Error) return draft;
      const { write, exchanged } = draft;
      return write === null || (writes.get(write.key) === write && written.has(write.key)) ? exchanged : null;
    });
  };

  /** One that the database refuses does not take the others with it. */
  const attemptTogether = async (asked: readonly Asked[]): Promise<Attempt[]> => {
    try {
      return await attemptAll(connections, asked);
    } catch (error) {
      if (asked.length === 1 || !isOfOneStatement(error)) throw error;
    }
    const attempts: Attempt[] = [];
    for (const one of asked) attempts.push(await attemptAlone(connections, one).catch(asError));
    return attempts;
  };
  const attemptAlone = async (session: Session, asked: Asked): Promise<Attempt> =>
    (await attemptAll(session, [asked]))[0]!;

  const together = createBatches<Asked, Exchanged | null>({
    lanes,
    heaviest,
    weigh: ({ push }) => push.changes.length,
    work: attemptTogether,
  });

  const exchange = async (push: Push): Promise<Exchanged> => {
    const key = await keyOf(push.user);
    if (key === null) throw new UnknownAccount();
    const asked: Asked = { key, push };
    const alone = async (session: Session): Promise<Exchanged | null> => {
      const attempt = await attemptAlone(session, asked);
      if (attempt instanceof Error) throw attempt;
      return attempt;
    };
    for (let tries = 0; tries < optimisticTries; tries++) {
      const exchanged = await (isLong(push) ? alone(connections) : together(asked));
      if (exchanged) return exchanged;
    }
    return connections.transaction(async (session) => {
      await session.run(lockAccount, [key]);
      const exchanged = await alone(session);
      if (!exchanged) throw new StoreUnavailable('PostgreSQL: the account was written to under its lock');
      return exchanged;
    });
  };

  return (push) => (push.changes.length === 0 ? exchange(push) : inTurn(push.user, () => exchange(push)));
}

/** Whoever loads much, or a preview, reads for itself: the others would wait for its page. */
function isLong({ limit, cursor, known }: Push): boolean {
  return limit > 0 && (cursor === 0 || known - cursor >= shortPull);
}

/** `met` is null for an account that was deleted after its key was learnt. */
function draftOf({ key, push }: Asked, met: Met | null, newId: () => string): Draft | Error {
  try {
    return met ? draft({ key, push, met, newId }) : new UnknownAccount();
  } catch (error) {
    return asError(error);
  }
}

interface Drafting extends Asked {
  readonly met: Met;
  readonly newId: () => string;
}

function draft({ key, push, met, newId }: Drafting): Draft {
  const { account, device, history, version } = met;
  const refusal = refusalOf(push, device, history);
  if (refusal) return { exchanged: err(refusal), write: null };
  const merged = mergePush({ push, account, rows: met.rows, newId });
  const page = pull({ push, account, merged, rowsAfter: () => met.after, preview: met.preview });
  const { results, head, clock } = merged;
  const changed = head !== account.head;
  const begins = changed && !isInEpoch(history.epochs, met.epoch);
  const epochs = begins ? epochsWith(history.epochs, met.epoch) : history.epochs;
  const noted = noteOf(push, device);
  const begun = { epochs, first: begins ? account.head + 1 : null, id: met.epoch };
  return {
    exchanged: ok({ results, ...page, epoch: told({ epochs, horizon: history.horizon }), clock, head, changed }),
    write: merged.writes.length > 0 || noted ? { key, version, merged, begun, device: push.device, noted } : null,
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

const lockAccount: Statement = {
  name: 'exchange-lock',
  text: 'SELECT usr FROM account_head WHERE usr = $1 FOR UPDATE',
};
