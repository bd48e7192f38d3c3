/**
 * The open event streams of this process, by user. A poke carries only the account's sequence: whoever gets it asks for
 * the rows through a sync. Losing one does no harm, the next one says the same.
 */
import { Readable, type Writable } from 'node:stream';
import type { Sequence } from '../../protocol/messages.ts';
import type { Poke } from '../poke-bus.ts';

/** Beyond this the user's oldest stream ends: it is most likely that of a device that is gone without a word. */
const streamsPerUser = 32;
/** A reader this many bytes behind is gone or stuck. */
const backlog = 16_384;

export interface Listener {
  readonly user: string;
  /** Hash of the session's token: the stream ends with the session. */
  readonly session: string;
  /** Pokes that this device caused itself are not sent to it; null: all are. */
  readonly device: string | null;
}

/** The part of a response that the hub writes to by itself. */
export interface Wire {
  readonly headersSent: boolean;
  readonly chunkedEncoding: boolean;
  readonly socket: Pick<Writable, 'write' | 'writable' | 'writableLength'> | null;
}

interface Stream extends Listener {
  readonly body: Readable;
  readonly wire: Wire;
}

export interface PokeHub {
  /**
   * The body of a new event stream, to be sent as that of the response whose wire it is. It leaves the hub by itself when it
   * is closed.
   */
  open(listener: Listener, wire: Wire): Readable;
  poke(poke: Poke): void;
  /** A device was told the head as it connected. If that is news, the user's other devices are told too. */
  greeted(poke: Poke): void;
  /** Whose streams are open, and the head that they were told last. */
  watched(): ReadonlyMap<string, Sequence>;
  /** Those that have a stream open. */
  sessions(): ReadonlySet<string>;
  /** Whether this one of the user's has. */
  listens(user: string, session: string): boolean;
  closeSession(session: string): void;
  /** Sends a sign of life on every stream; ends those whose session is no longer good. */
  beat(isGood: (session: string) => Promise<boolean>): Promise<void>;
  closeAll(): void;
  /** How many streams are open. */
  readonly size: number;
}

export function createPokeHub(): PokeHub {
  const byUser = new Map<string, Set<Stream>>();
  const heads = new Map<string, Sequence>();
  const all = (): Stream[] => [...byUser.values()].flatMap((streams) => [...streams]);

  const leave = (stream: Stream): boolean => {
    const streams = byUser.get(stream.user);
    const left = streams?.delete(stream) ?? false;
    if (streams?.size === 0) {
      byUser.delete(stream.user);
      heads.delete(stream.user);
    }
    return left;
  };
  const end = (stream: Stream): void => {
    if (leave(stream)) stream.body.push(null);
  };
  const write = (stream: Stream, { text, chunk }: Event): void => {
    if (!byUser.get(stream.user)?.has(stream)) return;
    const { body, wire } = stream;
    if (body.readableLength + (wire.socket?.writableLength ?? 0) > backlog) body.destroy();
    else if (isUnderWay(stream)) wire.socket!.write(chunk);
    else body.push(text);
  };

  const poke = ({ user, head, from }: Poke): void => {
    const streams = byUser.get(user);
    if (!streams) return;
    heads.set(user, head);
    const event = eventOf(pokeEvent(head));
    for (const stream of streams) {
      if (from === null || stream.device !== from) write(stream, event);
    }
  };

  return {
    open(listener, wire) {
      const stream: Stream = { ...listener, wire, body: new Readable({ read() {} }) };
      const streams = byUser.get(listener.user) ?? new Set();
      byUser.set(listener.user, streams.add(stream));
      stream.body.once('close', () => leave(stream));
      if (streams.size > streamsPerUser) end([...streams][0]!);
      return stream.body;
    },
    poke,
    greeted(news) {
      const known = heads.get(news.user);
      if (known === undefined && byUser.has(news.user)) heads.set(news.user, news.head);
      else if (known !== undefined && known < news.head) poke(news);
    },
    watched: () => heads,
    sessions: () => new Set(all().map(({ session }) => session)),
    listens: (user, session) => [...(byUser.get(user) ?? [])].some((stream) => stream.session === session),
    closeSession(session) {
      for (const stream of all()) if (stream.session === session) end(stream);
    },
    async beat(isGood) {
      for (const stream of all()) {
        if (await isGood(stream.session)) write(stream, heartbeat);
        else end(stream);
      }
    },
    closeAll() {
      all().forEach(end);
    },
    get size() {
      return all().length;
    },
  };
}

interface Event {
  readonly text: string;
  /** The same as HTTP sends it. */
  readonly chunk: Buffer;
}

function eventOf(text: string): Event {
  return { text, chunk: Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`) };
}

const heartbeat = eventOf(':\n\n');

/**
 * Whether nothing of the stream waits for its turn, so that an event can go to the connection as it is: ready bytes, the same
 * for all who get them. Through the body and the response it would be made anew for each, at twice the price of the write.
 */
function isUnderWay({ body, wire }: Stream): boolean {
  return wire.headersSent && wire.chunkedEncoding && wire.socket?.writable === true && body.readableLength === 0;
}

/** An event in the format of server-sent events. */
export function pokeEvent(head: Sequence): string {
  return `id: ${head}\nevent: poke\ndata: ${head}\n\n`;
}
