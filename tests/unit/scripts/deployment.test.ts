/** The container and the systemd unit start what the build makes, with settings that the server takes. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/server/config.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const dockerfile = read('.deploy/Dockerfile');
const unit = read('.deploy/lorikeet.service');
const ignored = read('.deploy/Dockerfile.dockerignore').trim().split('\n');

/** The command of the one process: a file that `npm run build` makes. */
const command = ['node', '--enable-source-maps', 'dist/server/main.js'];

/** What a line such as `COPY a b to` takes, of the repository or of the stage that built. */
function copied(from: 'repository' | 'build'): string[] {
  return [...dockerfile.matchAll(/^COPY (--from=build )?(.+)$/gm)]
    .filter(([, stage]) => (stage === undefined) === (from === 'repository'))
    .flatMap(([, , paths]) => paths!.split(' ').slice(0, -1));
}

function settings(text: string, keyword: string): Record<string, string> {
  const lines = [...text.matchAll(new RegExp(`^${keyword}[ =](.+)$`, 'gm'))].map(([, line]) => line!);
  return Object.fromEntries(
    lines.flatMap((line) => line.split(' ').map((pair) => pair.split('=') as [string, string])),
  );
}

it('the build makes the file that is started', () => {
  const build = read('vite.config.ts');
  const [, entries] = /serverEntries = \[(.+)\]/.exec(build)!;
  expect(entries).toContain(`'${path.basename(command[2]!, '.js')}'`);
  expect(build).toContain(`outDir: '${path.dirname(command[2]!)}'`);
});

describe('the container', () => {
  it('copies only what is there, and leaves nothing out that the build needs', () => {
    const sources = copied('repository');
    expect(sources).toContain('package-lock.json');
    for (const source of sources) expect(existsSync(path.join(root, source)), source).toBe(true);
    for (const needed of ['src', 'public', 'vite.config.ts', 'tsconfig.json', '.scripts', '.config', ...sources])
      expect(ignored, needed).not.toContain(needed);
    // A build of this machine, for this machine's processor, must not get in.
    expect(ignored).toEqual(expect.arrayContaining(['node_modules', 'dist', 'data', '.git']));
  });

  it('takes from the build what the server runs on', () => {
    expect(copied('build').map((file) => path.relative('/app', file))).toEqual([
      'node_modules',
      'dist',
      'package.json',
    ]);
  });

  it('starts the server itself, as nobody special, on the port that it tells and keeps its file in the volume', () => {
    const [, arguments_] = /^CMD (\[.+\])$/m.exec(dockerfile)!;
    expect(JSON.parse(arguments_!)).toEqual(command);
    expect(dockerfile).toMatch(/^USER node$/m);
    const config = readConfig(settings(dockerfile, 'ENV'));
    if (!config.ok) throw new Error(config.error.join('\n'));
    const { port, host, dataFile } = config.value;
    expect(dockerfile).toContain(`\nEXPOSE ${port}\n`);
    expect(dockerfile).toContain(`\nVOLUME ${path.dirname(dataFile)}\n`);
    // What comes from outside a container does not come from its loopback.
    expect(host).toBe('0.0.0.0');
  });
});

describe('the systemd unit', () => {
  const value = (name: string): string => new RegExp(`^${name}=(.+)$`, 'm').exec(unit)![1]!;

  it('starts the server itself where it is installed, and lets it finish what it has begun', () => {
    const [program, ...rest] = value('ExecStart').split(' ');
    expect(path.isAbsolute(program!)).toBe(true);
    expect([path.basename(program!), ...rest]).toEqual(command);
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(10);
  });

  it('keeps the file in the one folder that it may write', () => {
    const config = readConfig(settings(unit, 'Environment'));
    if (!config.ok) throw new Error(config.error.join('\n'));
    expect(path.dirname(config.value.dataFile)).toBe(`/var/lib/${value('StateDirectory')}`);
    expect(config.value.host).toBe('127.0.0.1');
    expect(value('ProtectSystem')).toBe('strict');
  });
});
