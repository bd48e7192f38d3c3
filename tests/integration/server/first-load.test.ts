/** A new device that loads everything over HTTP, through a network that breaks. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { v7 } from 'uuid';
import { createFetchTransport } from '../../../src/client/adapters/fetch-transport.ts';
import type { Change } from '../../../src/protocol/messages.ts';
import type { Transport } from '../../../src/sync/ports.ts';
import { addWord } from '../../support/add-word.ts';
import { DeviceUnderTest } from '../../support/device-under-test.ts';
import { NetProxy } from '../../support/netproxy.ts';
import { startTestServer, type TestServer } from '../../support/server-harness.ts';
import { signUp, sync, type SignedUp } from '../../support/server-requests.ts';
import { word } from '../../support/store-pushes.ts';

const post = 'POST /api/sync';
/** Of a page. From 500 on they travel packed. */
const pageRows = 600;
const words = 1_300;
const now = () => Date.now();
// Sized by work, some twenty loads: the time limit is only for one that hangs.
vi.setConfig({ testTimeout: 300_000 });

let server: TestServer;
let network: NetProxy;
beforeAll(async () => {
  server = await startTestServer();
  network = await NetProxy.start(Number(new URL(server.url).port));
});
afterAll(async () => {
  await network.close();
  await server.close();
});

/** Of an account with these words: those with an even number were studied and are due, the last one the longest. */
async function filledAccount(): Promise<SignedUp> {
  const who = await signUp(server);
  const changes = Array.from({ length: words }, (_, at): Change => {
    const studied = at % 2 === 0 ? { card_state: 2, reps: 3, due_at: 1_000_000 - at } : {};
    return word(v7(), { word: `palabra ${at}`, translation: `word ${at}`, created_at: at, due_at: at, ...studied });
  });
  for (let at = 0; at < words; at += 1_000)
    await sync(server, who, { changes: changes.slice(at, at + 1_000), limit: 0 });
  return who;
}

/** The app's own way to the server, with smaller pages. A browser gives no line to a second request that broke. */
function transportOf({ cookie }: SignedUp): Transport {
  const send: typeof fetch = (path, init = {}) => {
    const headers = {
      ...(init.headers as Record<string, string>),
      cookie,
      origin: network.origin,
      connection: 'close',
    };
    return fetch(`${network.origin}${path as string}`, { ...init, headers });
  };
  const { exchange } = createFetchTransport({ fetch: send, giveWay: new AbortController().signal });
  return { exchange: (request) => exchange({ ...request, limit: Math.min(request.limit, pageRows) }) };
}

function newDevice(who: SignedUp): DeviceUnderTest {
  return new DeviceUnderTest({ name: v7(), user: who.user, transport: transportOf(who), now, newId: v7 });
}

const cursorOf = (device: DeviceUnderTest) => Number(device.all('SELECT cursor FROM sync_state')[0]!['cursor']);
const wordsOn = (device: DeviceUnderTest) =>
  device.all('SELECT * FROM vocabulary_item ORDER BY id').map(({ _rowid, ...row }) => row);
const failureOf = async (device: DeviceUnderTest) => {
  const outcome = await device.sync();
  return outcome.kind === 'done' ? (outcome.report.error?.code ?? null) : outcome.kind;
};

describe('a first load', () => {
  it('that is cut at any byte goes on from the last whole page, and ends with the same rows', async () => {
    const who = await filledAccount();
    const whole = newDevice(who);
    expect(await failureOf(whole)).toBeNull();
    expect(wordsOn(whole)).toHaveLength(words);
    // Within the head of a reply, and all over it; the last ones are longer than any.
    const places = [0, 1, 15, 200, 450, ...Array.from({ length: 16 }, (_, at) => 500 + at * 1_499)];
    for (const place of places) {
      const device = newDevice(who);
      const cursors: number[] = [];
      // Of each run the first answer is cut, then that of the second question, and so on.
      for (let run = 0; run < 10; run += 1) {
        network.fail(post, { after: place }, 1, Math.min(run, 1));
        const failure = await failureOf(device);
        network.heal();
        cursors.push(cursorOf(device));
        expect(device.all(`SELECT count(*) AS n FROM vocabulary_item WHERE _seq <= ${cursorOf(device)}`)).toEqual([
          { n: cursorOf(device) },
        ]);
        if (failure === null) break;
      }
      expect(cursors.at(-1), `cut after ${place} bytes: ${cursors.join(', ')}`).toBe(words);
      expect(cursors.every((cursor) => [0, 600, 1_200, words].includes(cursor))).toBe(true);
      expect(wordsOn(device)).toEqual(wordsOn(whole));
    }
  });

  it('shows what is due longest and what is newest before the first page is there', async () => {
    const device = newDevice(await filledAccount());
    network.fail(post, 'lost', 1, 1);
    expect(await failureOf(device)).toBe('offline');
    network.heal();
    expect(cursorOf(device)).toBe(0);
    const due = device.all('SELECT word FROM vocabulary_item WHERE card_state > 0 ORDER BY due_at LIMIT 3');
    expect(due.map((row) => row['word'])).toEqual([1_298, 1_296, 1_294].map((at) => `palabra ${at}`));
    const newest = device.all('SELECT word FROM vocabulary_item ORDER BY created_at DESC LIMIT 3');
    expect(newest.map((row) => row['word'])).toEqual([1_299, 1_298, 1_297].map((at) => `palabra ${at}`));
  });

  it('merges with what is on the device already, and with what is edited while it is cut', async () => {
    const who = await filledAccount();
    const other = newDevice(who);
    expect(await failureOf(other)).toBeNull();
    const device = newDevice(who);
    const [both] = other.all(`SELECT id FROM vocabulary_item WHERE word = 'palabra 7'`);
    // The same word was added on both, here a moment ago: the later one stands, and both have one row.
    device.write((sql) => addWord(sql, { id: String(both!['id']), word: 'palabra 7', translation: 'mine', at: 5 }));
    device.write((sql) => addWord(sql, { id: 'only-here', word: 'aquí', translation: 'here' }));
    network.fail(post, { after: 400 }, 1, 1);
    expect(await failureOf(device)).not.toBeNull();
    network.heal();
    // Among the first, and not yet loaded by a page.
    device.write((sql) => sql.run(`UPDATE vocabulary_item SET note = 'due' WHERE word = 'palabra 1298'`));
    expect(await failureOf(device)).toBeNull();
    expect(await failureOf(other)).toBeNull();
    const seen = other.all(`SELECT word, translation, note FROM vocabulary_item
      WHERE word IN ('palabra 7', 'aquí', 'palabra 1298') ORDER BY word`);
    expect(seen).toEqual([
      { word: 'aquí', translation: 'here', note: '' },
      { word: 'palabra 1298', translation: 'word 1298', note: 'due' },
      { word: 'palabra 7', translation: 'mine', note: '' },
    ]);
    expect(device.rows('vocabulary_item')).toEqual(other.rows('vocabulary_item'));
    expect(device.rows('vocabulary_item').size).toBe(words + 1);
    expect(device.waiting()).toBe(0);
  });
});
