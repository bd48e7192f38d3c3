/**
 * Chromium by its debugging pipe, with as little attached as can be: the usual driver watches every request, which adds two
 * milliseconds to each of them.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { chromiumPath, quietChromium } from '../support/browsers.ts';

type Json = Record<string, unknown>;
interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: { readonly message: string };
}
type Listener = (message: Message) => void;

export class Chromium {
  readonly #process: ChildProcess;
  readonly #input: Writable;
  readonly #listeners = new Set<Listener>();
  #calls = 0;

  static async launch(profile: string): Promise<Chromium> {
    const options = ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${profile}`, '--lang=en-GB'];
    const process = spawn(
      chromiumPath(),
      // Neither window is ever in the background: both devices are in someone's hand.
      [
        ...quietChromium,
        ...options,
        ...['--window-size=1280,900', '--disable-renderer-backgrounding', '--disable-background-timer-throttling'],
        ...['--no-default-browser-check', '--password-store=basic', '--use-mock-keychain', 'about:blank'],
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    return new Chromium(process);
  }

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#input = process.stdio[3] as Writable;
    let rest = '';
    (process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages) for (const listener of this.#listeners) listener(JSON.parse(message) as Message);
    });
  }

  /** The tab that the browser began with. */
  async tab(): Promise<Tab> {
    const tab = await this.#attach('page');
    await tab.send('Page.enable');
    return tab;
  }

  /** Another tab, behind the one in view. */
  async tabBehind(url: string): Promise<Tab> {
    const { targetId } = await this.send('Target.createTarget', { url, background: true });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    return new Tab(this, String(sessionId));
  }

  async serviceWorker(): Promise<Tab> {
    return this.#attach('service_worker');
  }

  send(method: string, params: Json = {}, session?: string): Promise<Json> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      const listener: Listener = (message) => {
        if (message.id !== id) return;
        this.#listeners.delete(listener);
        if (message.error) reject(new Error(`${method}: ${message.error.message}`));
        else resolve(message.result ?? {});
      };
      this.#listeners.add(listener);
      const address = session === undefined ? {} : { sessionId: session };
      this.#input.write(`${JSON.stringify({ id, method, params, ...address })}\0`);
    });
  }

  /** Resolves with the next event of this name. */
  event(method: string, session: string): Promise<Json> {
    return new Promise((resolve) => {
      const listener: Listener = (message) => {
        if (message.method !== method || message.sessionId !== session) return;
        this.#listeners.delete(listener);
        resolve(message.params ?? {});
      };
      this.#listeners.add(listener);
    });
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = once(this.#process, 'exit');
    await Promise.race([this.send('Browser.close'), exited]);
    await exited;
  }

  async #attach(type: string): Promise<Tab> {
    for (;;) {
      const { targetInfos } = (await this.send('Target.getTargets')) as {
        targetInfos?: readonly { readonly targetId: string; readonly type: string }[];
      };
      const target = targetInfos?.find((info) => info.type === type);
      if (!target) continue;
      const { sessionId } = await this.send('Target.attachToTarget', { targetId: target.targetId, flatten: true });
      return new Tab(this, String(sessionId));
    }
  }
}

/** A page or a worker that takes commands. */
export class Tab {
  readonly browser: Chromium;
  readonly #session: string;

  constructor(browser: Chromium, session: string) {
    this.browser = browser;
    this.#session = session;
  }

  send(method: string, params: Json = {}): Promise<Json> {
    return this.browser.send(method, params, this.#session);
  }

  /** Resolves when the document and its scripts are loaded. */
  async goto(url: string): Promise<void> {
    const loaded = this.browser.event('Page.loadEventFired', this.#session);
    await this.send('Page.navigate', { url });
    await loaded;
  }

  async reload(): Promise<void> {
    const loaded = this.browser.event('Page.loadEventFired', this.#session);
    await this.send('Page.reload');
    await loaded;
  }

  /** Runs in every document of this tab before its own scripts. */
  async beforeScripts(work: () => void): Promise<void> {
    await this.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${String(work)})()` });
  }

  /** Calls a function over there, with plain data, and waits for what it gives. */
  async evaluate<R, Args extends readonly unknown[]>(work: (...args: Args) => R, ...args: Args): Promise<Awaited<R>> {
    const { result, exceptionDetails } = (await this.send('Runtime.evaluate', {
      expression: `(${String(work)})(${args.map((value) => JSON.stringify(value)).join(', ')})`,
      awaitPromise: true,
      returnByValue: true,
    })) as { result?: { value?: unknown }; exceptionDetails?: { text: string; exception?: { description?: string } } };
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result?.value as Awaited<R>;
  }

  /** What the page believes and its requests meet; those of workers go on. */
  async setOffline(offline: boolean): Promise<void> {
    await this.send('Network.enable');
    await this.send('Network.emulateNetworkConditions', {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
    if (!offline) await this.send('Network.disable');
  }
}
