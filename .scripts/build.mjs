/**
 * Builds the app and the server into `dist/`. Run by itself it always builds; `ensureBuilt` builds only when a source
 * changed since the last build that got through.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inRepository, runTool } from './repository.mjs';

const sources = ['src', 'public', 'vite.config.ts', 'package.json', 'package-lock.json'];
const stamp = inRepository('dist/.sources');

export function ensureBuilt() {
  const builtFrom = existsSync(stamp) ? readFileSync(stamp, 'utf8') : null;
  if (builtFrom === hashOfSources()) return;
  console.log('Building the app …');
  if (build()) return;
  console.error('The build failed; the reason is above.');
  process.exit(1);
}

/** True when both parts were built. */
export function build() {
  const hash = hashOfSources();
  rmSync(inRepository('dist'), { recursive: true, force: true });
  const built =
    runTool('vite', ['build', '--logLevel=warn']) && runTool('vite', ['build', '--mode=server', '--logLevel=warn']);
  if (!built) return false;
  mkdirSync(inRepository('dist'), { recursive: true });
  writeFileSync(stamp, hash);
  return true;
}

function hashOfSources() {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((source) => filesUnder(inRepository(source)))) {
    hash.update(relative(inRepository('.'), file));
    hash.update('\0');
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {string[]} in a fixed order
 */
function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

if (process.argv[1] === import.meta.filename) process.exit(build() ? 0 : 1);
