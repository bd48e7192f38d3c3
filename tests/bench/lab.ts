/** What a part of the benchmark works with, all of it gone afterwards: a server, wires to it, browsers with a profile. */
import { chromium, type BrowserContext } from '@playwright/test';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath, quietChromium } from '../support/browsers.ts';
import { BareWay } from './bare-way.ts';
import { Chromium, type Tab } from './chromium.ts';
import type { Bench } from './pages/bench-page.ts';
import { Wire } from './wire.ts';

const built = join(import.meta.dirname, '../../.cache/bench');
const startLimit = 20_000;

export interface Options {
  /** Fewer rows and rounds. */
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

type Closing = () => Promise<unknown>;

export class Lab implements Options {
  readonly quick: boolean;
  readonly say: (line: string) => void;
  readonly #closings: Closing[] = [];

  constructor({ quick, say }: Options) {
    this.quick = quick;
    this.say = say;
  }

  /** Our server on a new database; gives its port. */
  async server(): Promise<number> {
    const folder = await this.folder('server');
    const child = spawn(process.execPath, [join(built, 'server/main.js')], {
      env: {
        ...process.env,
        ...{ NODE_ENV: 'production', PORT: '0', LOG_LEVEL: 'warn', SIGN_IN_TRIES: '1000000' },
        LORIKEET_DATA: join(folder, 'lorikeet.db'),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#closings.push(() => end(child));
    return portOf(child);
  }

  async wire(port: number): Promise<Wire> {
    const wire = await Wire.start(port);
    this.#closings.push(() => wire.shut());
    return wire;
  }

  async bareWay(): Promise<BareWay> {
    const way = await BareWay.start(join(await this.folder('bare'), 'changes'));
    this.#closings.push(() => way.close());
    return way;
  }

  async folder(name: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), `lorikeet-bench-${name}-`));
    this.#closings.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    return folder;
  }

  /** A folder whose files every server gives out under `/name/`. */
  async servedFolder(name: string): Promise<string> {
    const folder = join(built, 'app', name);
    await mkdir(folder, { recursive: true });
    this.#closings.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** A new browser process on this profile. */
  async chromium(profile: string): Promise<Chromium> {
    const browser = await Chromium.launch(profile);
    this.#closings.push(() => browser.close());
    return browser;
  }

  /** The same with a driver that finds its way on screens. */
  async drivenBrowser(profile: string): Promise<BrowserContext> {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath(),
      args: [...quietChromium],
      viewport: { width: 1280, height: 900 },
    });
    this.#closings.push(() => context.close());
    return context;
  }

  /** The benchmark's own page in a browser that never saw it, with the service worker in charge. */
  async benchPage(origin: string, name: string): Promise<Tab> {
    const browser = await this.chromium(await this.folder(name));
    const tab = await browser.tab();
    await tab.goto(`${origin}/bench.html`);
    await call(tab, 'untilServiceWorker');
    return tab;
  }

  async close(): Promise<void> {
    for (const close of this.#closings.splice(0).reverse()) await close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  await exited;
}

/** The server says where it is when it listens. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server did not start')), startLimit);
    child.stdout?.on('data', (bytes: Buffer) => {
      const port = /http:\/\/[^ ]*:(\d+)/.exec(bytes.toString())?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${String(code)}`)));
  });
}

/** The functions of the benchmark's page, called from outside it. */
export function call<M extends keyof Bench>(
  tab: Tab,
  method: M,
  ...args: Parameters<Bench[M]>
): Promise<Awaited<ReturnType<Bench[M]>>> {
  return tab.evaluate(
    (name: string, values: readonly unknown[]) => {
      const { bench } = globalThis as unknown as { bench: Record<string, (...args: readonly unknown[]) => unknown> };
      return bench[name]!(...values);
    },
    method,
    args,
  ) as Promise<Awaited<ReturnType<Bench[M]>>>;
}
