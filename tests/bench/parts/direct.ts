/**
 * Part 7: the service worker alone, with no page of the app open: it takes the lock, opens the pool file in memory, syncs
 * ten edits made offline, and swaps the changed pages in. The browser's own Background Sync wakes it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Tab } from '../chromium.ts';
import type { Series } from '../figures.ts';
import { call, type Lab } from '../lab.ts';
import { RemoteDevice } from '../remote-device.ts';
import type { Wire } from '../wire.ts';

const account = { name: 'Ada', password: 'correct horse' };
const edits = 10;
const patience = 60_000;
/** The server answers at most 1,200 syncs a minute to one address. */
const pollPause = 100;

/** Milliseconds from getting the lock. */
interface DirectRun {
  /** Until the first request: SQLite started, file and left-over log read and folded, outbox read. */
  readonly open: number;
  /** The requests. */
  readonly network: number;
  /** The rest: rows stored, run recorded, both swapped in, file closed. */
  readonly store: number;
  /** From when the network is back until another device has the edits, which asks ten times a second. */
  readonly seen: number;
  readonly fileBytes: number;
}

export async function measureDirect(lab: Lab): Promise<Series[]> {
  const sizes = lab.quick ? [1_000] : [1_000, 40_000];
  const rounds = lab.quick ? 2 : 5;
  const all: Series[] = [];
  for (const words of sizes) {
    lab.say(`direct: ${words} words`);
    const port = await lab.server();
    const origin = `http://localhost:${port}`;
    const remote = await RemoteDevice.create(origin, { ...account, words, seed: words });
    const wire = await lab.wire(port);
    const page = await lab.benchPage(wire.origin, 'direct');
    await call(page, 'open');
    const loaded = call(page, 'untilWords', words);
    await call(page, 'signIn', account.name, account.password);
    await loaded;
    await call(page, 'untilIdle');
    const runs: DirectRun[] = [];
    for (let round = 0; round < rounds; round += 1) runs.push(await runOnce({ page, wire, remote, round }));
    await page.browser.close();
    const megabytes = (runs.at(-1)!.fileBytes / 1e6).toFixed(1);
    const series = (name: string, pick: (run: DirectRun) => number): Series => ({
      name: `${megabytes} MB file: ${name}`,
      unit: 'ms',
      samples: runs.map(pick),
    });
    all.push(
      series('open', (run) => run.open),
      series('network and server', (run) => run.network),
      series('store and swap', (run) => run.store),
      series('all of it', (run) => run.open + run.network + run.store),
      series('from the network until another device has the edits', (run) => run.seen),
    );
  }
  return all;
}

async function runOnce(setting: { page: Tab; wire: Wire; remote: RemoteDevice; round: number }): Promise<DirectRun> {
  const { page, wire, remote, round } = setting;
  const worker = await page.browser.serviceWorker();
  await wire.shut();
  await page.setOffline(true);
  // What the browser believes for Background Sync: else it would fire at once, fail, and wait for minutes.
  await worker.setOffline(true);
  await call(page, 'translateNewest', edits, `edit ${round}, sent with the app closed`);
  await page.evaluate(() => navigator.locks.request('lorikeet-sync', () => undefined));
  await remote.catchUp();
  await watch(worker);
  await page.goto('about:blank');
  await wire.open();
  await page.setOffline(false);
  await worker.setOffline(false);
  const from = Date.now();
  while ((await remote.catchUp()) < edits) {
    if (Date.now() - from > patience) throw new Error('the edits did not come');
    await pause(pollPause);
  }
  const seen = Date.now() - from;
  const run = { ...(await readRun(worker)), seen };
  // The database goes back to the page for the next round.
  await page.goto(`${wire.origin}/bench.html`);
  await call(page, 'open');
  await call(page, 'untilIdle');
  return run;
}

type Mark = readonly [what: 'lock' | 'request' | 'answer' | 'end', at: number];
interface Watched {
  marks: Mark[];
}

/** Notes when the service worker gets the lock, asks the server, has the answer, and lets the lock go. */
async function watch(worker: Tab): Promise<void> {
  await worker.evaluate(() => {
    const scope = globalThis as unknown as Watched & { fetch: typeof fetch };
    const again = Reflect.has(scope, 'marks');
    const marks: Mark[] = [];
    scope.marks = marks;
    if (again) return;
    const note = (what: Mark[0]): void => void scope.marks.push([what, performance.now()]);
    const send = scope.fetch;
    scope.fetch = async (...args) => {
      const ours = args[0] === '/api/sync';
      if (ours) note('request');
      const response = await send(...args);
      if (ours) note('answer');
      return response;
    };
    const locks = navigator.locks as unknown as { request: (...args: unknown[]) => Promise<unknown> };
    const request = locks.request.bind(navigator.locks);
    locks.request = (name, ...rest) => {
      const work = rest.pop() as (lock: unknown) => Promise<unknown>;
      return request(name, ...rest, async (lock: unknown) => {
        if (name !== 'lorikeet-db' || lock === null) return work(lock);
        note('lock');
        try {
          return await work(lock);
        } finally {
          note('end');
        }
      });
    };
  });
}

async function readRun(worker: Tab): Promise<Omit<DirectRun, 'seen'>> {
  const { marks, fileBytes } = await worker.evaluate(async () => {
    await navigator.locks.request('lorikeet-sync', () => undefined);
    let largest = 0;
    const root = await navigator.storage.getDirectory();
    const files = await (await root.getDirectoryHandle('lorikeet')).getDirectoryHandle('.opaque');
    for await (const handle of files.values()) {
      if (handle.kind === 'file') largest = Math.max(largest, (await handle.getFile()).size);
    }
    return { marks: (globalThis as unknown as Watched).marks, fileBytes: largest };
  });
  const from = marks.findIndex(([what], index) => what === 'lock' && marks[index + 1]?.[0] === 'request');
  const to = marks.findIndex(([what], index) => what === 'end' && index > from);
  if (from === -1 || to === -1) throw new Error(`no direct run was seen: ${JSON.stringify(marks)}`);
  const run = marks.slice(from, to + 1);
  const at = (index: number) => run[index]![1];
  let network = 0;
  run.forEach(([what], index) => {
    if (what === 'answer') network += at(index) - at(index - 1);
  });
  const open = at(1) - at(0);
  return { open, network, store: at(run.length - 1) - at(0) - open - network, fileBytes };
}
