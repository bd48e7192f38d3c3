/**
 * Simulated people: accounts and sessions put straight into the store (a sign-up costs 11 ms of password hashing, which
 * is not what is measured here), and devices that speak the protocol over a connection of their own.
 */
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { Client } from 'undici';
import { v7 } from 'uuid';
import { assert } from '../../../src/base/assert.ts';
import type { Change, Sequence, SyncReply, SyncRequest } from '../../../src/protocol/messages.ts';
import { packedType, splitHead } from '../../../src/protocol/packed-pages.ts';
import { protocolVersion } from '../../../src/protocol/version.ts';
import type { ChangeStore } from '../../../src/server/change-store.ts';
import { sessionCookie } from '../../../src/server/http/sessions.ts';
import { schemaVersion } from '../../../src/schema/tables.ts';
import { stampAt } from '../../../src/sync/clock.ts';
import { columnsOfWord, makeWords, type BenchWord } from '../rows.ts';

export interface Person {
  readonly user: string;
  readonly cookie: string;
  /** As the proxy in front tells it. */
  readonly address: string;
}

const registeredAtOnce = 100;

export async function registerPeople(store: ChangeStore, count: number): Promise<Person[]> {
  const now = Date.now();
  const people: Person[] = [];
  const register = async (index: number): Promise<Person> => {
    const id = v7();
    const token = randomBytes(32).toString('base64url');
    const name = `person ${index}`;
    await store.createAccount({ id, name, nameKey: name, passwordHash: 'nobody signs in with it', now });
    await store.createSession({
      id: v7(),
      tokenHash: createHash('sha256').update(token).digest('hex'),
      user: id,
      deviceName: 'load',
      now,
      expiresAt: now + 86_400_000_000,
    });
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    return { user: id, cookie: `${sessionCookie}=${token}`, address };
  };
  for (let from = 0; from < count; from += registeredAtOnce) {
    const some = Array.from({ length: Math.min(registeredAtOnce, count - from) }, (_, index) => register(from + index));
    people.push(...(await Promise.all(some)));
  }
  return people;
}

/** Words to push: made once, since making them would take the load's own CPU while it measures. */
const vocabulary: readonly BenchWord[] = makeWords(2_000, 11);

export function newWord(id: string, serial: number): Change {
  return {
    ...{ table: 'vocabulary_item', id, op: 'insert', stamp: stampAt(Date.now()), baseSeq: 0 },
    values: columnsOfWord(vocabulary[serial % vocabulary.length]!),
  };
}

const inflated = promisify(brotliDecompress);

const packedHeaders = { accept: `${packedType}, application/json`, 'accept-encoding': 'br' };

export class LoadDevice {
  readonly person: Person;
  readonly id: string;
  readonly #client: Client;
  readonly #origin: string;
  #cursor: Sequence = 0;
  /** As the app tells them: by these the server knows that much is still to come. */
  #known: Sequence = 0;
  #epoch = '';

  constructor(origin: string, person: Person, id: string = v7()) {
    this.person = person;
    this.id = id;
    this.#origin = origin;
    this.#client = new Client(origin, { pipelining: 1, keepAliveTimeout: 60_000 });
  }

  /** Milliseconds until the answer was read. Throws when there is none, or another than success. */
  async push(changes: readonly Change[]): Promise<number> {
    const started = performance.now();
    const reply = await this.exchange({ changes, limit: 0 });
    assert(
      reply.results.every(({ status }) => status !== 'rejected'),
      'a change is accepted',
    );
    return performance.now() - started;
  }

  /** Everything after the cursor, a page at a time. */
  async pull(): Promise<SyncReply[]> {
    const replies: SyncReply[] = [];
    for (let more = true; more;) {
      const reply = await this.exchange({ changes: [], limit: 5_000 });
      replies.push(reply);
      this.#heard(reply);
      more = reply.more;
    }
    return replies;
  }

  /**
   * The same as the app asks for it. Gives how far the account's sequence went. Only the heads are read, and what inflates
   * them is another thread's: a device has a processor of its own, and pushes are timed here meanwhile.
   */
  async pullPacked(): Promise<Sequence> {
    for (let more = true; more;) {
      const { body, type } = await this.#ask({ changes: [], limit: 5_000 }, packedHeaders);
      const bytes = await inflated(body);
      const head: unknown = type === packedType ? splitHead(bytes).head : JSON.parse(bytes.toString());
      const reply = head as Omit<SyncReply, 'changes'>;
      this.#heard(reply);
      more = reply.more;
    }
    return this.#cursor;
  }

  async exchange(parts: Pick<SyncRequest, 'changes' | 'limit'>): Promise<SyncReply> {
    const { body } = await this.#ask(parts, {});
    return JSON.parse(body.toString()) as SyncReply;
  }

  async #ask(
    parts: Pick<SyncRequest, 'changes' | 'limit'>,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ readonly body: Buffer; readonly type: string }> {
    const request: SyncRequest = {
      ...{ protocol: protocolVersion, schema: schemaVersion, user: this.person.user, device: this.id },
      ...{ writers: [], epoch: this.#epoch, cursor: this.#cursor, known: this.#known },
      ...parts,
    };
    const response = await this.#client.request({
      path: '/api/sync',
      method: 'POST',
      headers: { ...this.#headers(), 'content-type': 'application/json', ...headers },
      body: JSON.stringify(request),
    });
    const body = Buffer.from(await response.body.arrayBuffer());
    if (response.statusCode !== 200)
      throw new Error(`A sync was answered ${response.statusCode}: ${body.toString().slice(0, 200)}`);
    return { body, type: String(response.headers['content-type']) };
  }

  /**
   * Calls back for every poke until the connection ends; resolves when the first one, that of the beginning, is there. By
   * a bare connection: what an HTTP client costs for each event would be most of what is measured, on the same cores.
   */
  async listen(onPoke: (head: Sequence) => void): Promise<() => void> {
    const { hostname, port, host } = new URL(this.#origin);
    const stream = connect(Number(port), hostname);
    const headers = Object.entries({ host, ...this.#headers() }).map(([name, value]) => `${name}: ${value}\r\n`);
    stream.write(`GET /api/sync/events?device=${this.id} HTTP/1.1\r\n${headers.join('')}\r\n`);
    await new Promise<void>((begun, failed) => {
      let isOpen = false;
      stream.on('data', (chunk: Buffer) => {
        const text = chunk.toString('latin1');
        if (!isOpen && !text.startsWith('HTTP/1.1 200')) failed(new Error(`A stream began with ${text.slice(0, 100)}`));
        isOpen = true;
        for (let at = text.indexOf('\ndata: '); at !== -1; at = text.indexOf('\ndata: ', at + 1)) {
          onPoke(Number.parseInt(text.slice(at + 7, at + 30), 10));
          begun();
        }
      });
      // The end of the connection, ours or the server's.
      stream.on('error', () => begun());
    });
    return () => void stream.destroy();
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  #heard({ cursor, head, epoch }: Pick<SyncReply, 'cursor' | 'head' | 'epoch'>): void {
    this.#cursor = cursor;
    this.#known = head;
    this.#epoch = epoch;
  }

  #headers(): Record<string, string> {
    return { origin: this.#origin, cookie: this.person.cookie, 'x-forwarded-for': this.person.address };
  }
}
