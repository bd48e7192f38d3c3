/** Where and what was measured: a figure without these says nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { chromiumPath } from '../support/browsers.ts';

const root = join(import.meta.dirname, '../..');

export interface Circumstances {
  readonly date: string;
  readonly commit: string;
  /** Whether files differ from the commit. */
  readonly changed: boolean;
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  /** Processes wanting a core in the last minute, before the run. */
  readonly load: number;
  readonly node: string;
  readonly browser: string;
  readonly sqlite: string;
}

export function circumstances(): Circumstances {
  return {
    date: new Date().toISOString(),
    commit: output('git', ['rev-parse', '--short', 'HEAD']),
    changed: output('git', ['status', '--porcelain', '--', 'src', 'vite.config.ts', 'tests/bench']) !== '',
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGigabytes: Math.round(os.totalmem() / 2 ** 30),
    load: Math.round((os.loadavg()[0] ?? 0) * 100) / 100,
    node: process.version,
    browser: output(chromiumPath(), ['--version']),
    sqlite: versionOf('@sqlite.org/sqlite-wasm'),
  };
}

function output(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, [...args], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

function versionOf(name: string): string {
  const manifest = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
