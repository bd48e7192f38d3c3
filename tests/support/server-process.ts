/** The server as a process of its own, built from this source, for tests of starts, stops and kills. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { vi } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
}

export type Environment = Readonly<Record<string, string>>;

export interface ServerProgram {
  /** A folder that goes away with the program. */
  readonly directory: string;
  run(environment: Environment, args?: readonly string[]): Pick<Running, 'child' | 'output'>;
  /** Resolves when it said where it is. */
  start(environment: Environment): Promise<Running>;
  exitCode(environment: Environment, args?: readonly string[]): Promise<{ code: number | null; output: string }>;
  killAll(): void;
  remove(): Promise<void>;
}

/** Builds an entry of the server. */
export async function buildServer(entry = 'main'): Promise<ServerProgram> {
  // Inside the repository, where the modules that stay outside of the bundle are found.
  await mkdir(path.join(root, '.cache'), { recursive: true });
  const directory = await mkdtemp(path.join(root, '.cache/server-process-'));
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: { ssr: `src/server/${entry}.ts`, outDir: path.join(directory, 'server'), target: 'node20' },
  });
  await mkdir(path.join(directory, 'app'));
  await writeFile(path.join(directory, 'app/index.html'), '<!doctype html><title>Lorikeet</title>');
  const started: ChildProcess[] = [];

  const run: ServerProgram['run'] = (environment, args = []) => {
    const child = spawn(process.execPath, [path.join(directory, `server/${entry}.js`), ...args], {
      env: { PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'warn', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output };
  };

  return {
    directory,
    run,
    async start(environment) {
      const { child, output } = run(environment);
      const url = await vi.waitFor(
        () => {
          const found = /http:\/\/localhost:\d+/.exec(output())?.[0];
          if (!found) throw new Error(`The server did not say where it is: ${output()}`);
          return found;
        },
        { timeout: 60_000, interval: 20 },
      );
      return { child, url, output };
    },
    async exitCode(environment, args) {
      const { child, output } = run(environment, args);
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, output: output() };
    },
    killAll() {
      for (const child of started.splice(0)) child.kill('SIGKILL');
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export function post(url: string, body: object, cookie = ''): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { origin: new URL(url).origin, 'content-type': 'application/json', cookie },
    body: JSON.stringify(body),
  });
}
