/**
 * Pokes between servers, by LISTEN and NOTIFY on one connection of their own. NOTIFY is sent after the commit, not in it
 * (there it cost half of the throughput), and what comes while one is under way goes together with the next. Now and then,
 * and whenever the connection was lost, the heads themselves are asked for, so that nothing is missed for long.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Poke, PokeBus, PokeListener } from '../../poke-bus.ts';
import { settings } from './connections.ts';
import { readNotice, type Notice } from './poke-notice.ts';

const channel = 'lorikeet_poke';
/** PostgreSQL takes 8,000 bytes; a poke has at most two ids of 64 characters and a number. */
const pokesPerNotice = 40;
/** Beyond, while the database is away, pokes are dropped: the heads will be asked for. */
const pendingAtMost = 10_000;
/** In milliseconds. The time to answer is also how long a dead connection goes unnoticed after a sweep. */
const pauses = { first: 100, longest: 5_000, answer: 10_000 };

export interface PokeChannelOptions {
  readonly url: string;
  /** Tells this server's own notices from those of others. */
  readonly origin: string;
  /** Between two times that the heads are asked for, in milliseconds. */
  readonly sweepEvery?: number;
}

export function openPokeChannel({ url, origin, sweepEvery = 10_000 }: PokeChannelOptions): PokeBus {
  const closing = new AbortController();
  const pending = new Map<string, Poke>();
  let listener: PokeListener | null = null;
  let connection: pg.Client | null = null;
  let sending = false;

  const hold = (poke: Poke): void => {
    const before = pending.get(poke.user);
    if (!before && pending.size >= pendingAtMost) return;
    const { user, head, from } = poke;
    const same = before === undefined || before.from === from;
    pending.set(user, { user, head: Math.max(head, before?.head ?? 0), from: same ? from : null });
  };

  const send = async (): Promise<void> => {
    if (sending) return;
    sending = true;
    while (connection && pending.size > 0) {
      const batch = [...pending.values()].slice(0, pokesPerNotice);
      for (const { user } of batch) pending.delete(user);
      const notice: Notice = [origin, batch.map(({ user, head, from }) => [user, head, from])];
      const values = [channel, JSON.stringify(notice)];
      try {
        await connection.query({ name: 'poke', text: 'SELECT pg_notify($1, $2)', values });
      } catch {
        // The connection is lost: sent again on the next.
        batch.forEach(hold);
        break;
      }
    }
    sending = false;
  };

  const hear = (payload: string | undefined): void => {
    const [from, pokes] = readNotice(payload) ?? [origin, []];
    if (from === origin) return;
    for (const [user, head, device] of pokes) listener?.poke({ user, head, from: device });
  };

  /** Tells whose head is not the one that was told last. */
  const sweep = async (client: pg.Client): Promise<void> => {
    const watched = listener?.watched() ?? new Map<string, number>();
    const values = [[...watched.keys()]];
    const heads = await client.query<{ user: string; head: string }>({ name: 'heads', text: headsText, values });
    for (const { user, head } of heads.rows) {
      if (Number(head) !== watched.get(user)) listener?.poke({ user, head: Number(head), from: null });
    }
  };

  /** One connection, from its beginning to its end. */
  const serve = async (): Promise<void> => {
    const client = new pg.Client({ ...settings(url), query_timeout: pauses.answer });
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
      closing.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    client.on('notification', ({ payload }) => hear(payload));
    try {
      await client.connect();
      // A poke may be lost: that it is on the disk need not be waited for.
      await client.query('SET synchronous_commit = off');
      await client.query(`LISTEN ${channel}`);
      connection = client;
      while (!closing.signal.aborted) {
        await sweep(client);
        void send();
        const pause = delay(sweepEvery, 'sweep', { signal: closing.signal }).catch(() => 'lost');
        if ((await Promise.race([lost, pause])) !== 'sweep') break;
      }
    } finally {
      connection = null;
      // A connection that is silent would not end by itself.
      await Promise.race([client.end().catch(() => undefined), delay(pauses.first)]);
    }
  };

  const keepServing = async (): Promise<void> => {
    let pause = pauses.first;
    while (!closing.signal.aborted) {
      const began = Date.now();
      await serve().catch(() => undefined);
      pause = Date.now() - began > pauses.longest ? pauses.first : Math.min(2 * pause, pauses.longest);
      await delay(pause, null, { signal: closing.signal }).catch(() => undefined);
    }
  };

  let served: Promise<void> = Promise.resolve();
  return {
    publish(poke) {
      listener?.poke(poke);
      hold(poke);
      void send();
    },
    subscribe(heard) {
      listener = heard;
      served = keepServing();
    },
    async close() {
      closing.abort();
      await served;
    },
  };
}

const headsText = `
  SELECT a.id AS user, h.head FROM account a JOIN account_head h ON h.usr = a.key WHERE a.id = ANY ($1::text[])`;
