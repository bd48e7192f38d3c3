/** What syncs brought, as far as a person would be told of it. It is seen as it comes: nothing is asked of the database. */
import type { RowPage, SyncReply } from '../protocol/messages.ts';
import { unpackParts } from '../protocol/packed-pages.ts';
import type { Clock } from '../sync/ports.ts';

export interface News {
  /** Rows that came, of any kind. */
  readonly rows: number;
  /** Messages of the tutor that are not old: a device that loads everything anew gets all of its past. */
  readonly answers: number;
  /** The conversation that all of them are in; null when there are several, or none. */
  readonly conversation: string | null;
}

/** What is older than this is no news. Milliseconds. */
const newsAge = 24 * 3_600_000;

export interface NewsDesk {
  /** From now on, until it is taken: what came before was told, or seen. */
  listen(): void;
  /** A reply, before it is stored. Rows that nobody waits for are not read. */
  note(this: void, reply: Pick<SyncReply, 'changes' | 'packed'>): void;
  /** What came since, once. */
  take(): News;
}

export function createNews(clock: Clock): NewsDesk {
  let rows = 0;
  let answers: string[] = [];
  let listens = false;
  return {
    listen() {
      listens = true;
    },
    note({ changes, packed }) {
      if (!listens) return;
      // Bytes that cannot be read are refused where they are stored.
      for (const page of packed ? (unpackParts(packed) ?? []) : changes) {
        rows += page.seqs.length;
        if (page.table === 'message') answers.push(...answersIn(page, clock.now() - newsAge));
      }
    },
    take() {
      const [conversation = null, ...others] = new Set(answers);
      const news = { rows, answers: answers.length, conversation: others.length === 0 ? conversation : null };
      [rows, answers, listens] = [0, [], false];
      return news;
    },
  };
}

/** The conversation of each new message of the tutor. */
function answersIn({ columns, values, ids }: RowPage, since: number): string[] {
  const column = (name: string) => values[columns.indexOf(name)] ?? [];
  const [authors, times, conversations] = [column('author'), column('sent_at'), column('conversation_id')];
  return ids.flatMap((_, at) => {
    const time = times[at];
    const isNew = authors[at] === 'tutor' && typeof time === 'number' && time >= since;
    return isNew ? [String(conversations[at])] : [];
  });
}
