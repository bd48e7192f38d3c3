/**
 * Installs what the lockfile names, only when something else is installed. npm itself keeps what it installed in
 * `node_modules/.package-lock.json`, written last: absent means never or not to the end.
 */
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { inRepository, run } from './repository.mjs';

export function ensureInstalled() {
  if (!isInstalledAsLocked()) {
    console.log('Installing the dependencies (the first time this takes a minute or two) …');
    // `--include=dev`: the build needs them, also where NODE_ENV is production.
    if (!run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])) {
      fail('The dependencies could not be installed; npm says why above. A connection to its registry is needed once.');
    }
  }
  if (nativeModuleLoads()) return;
  console.log('Building the SQLite driver for this version of Node …');
  run('npm', ['rebuild', 'better-sqlite3', '--loglevel=error']);
  if (nativeModuleLoads()) return;
  fail('better-sqlite3 could not be built. It needs Python 3 and a C++ compiler where no ready build exists.');
}

function isInstalledAsLocked() {
  const locked = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  if (!locked || !installed) return false;
  // Optional packages are those of other systems.
  return Object.entries(locked).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version: string, optional?: boolean }> | null}
 */
function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(inRepository(lockfile), 'utf8')).packages;
  } catch {
    return null;
  }
}

/** Asked in a process of its own, so that a broken build cannot take this one down. */
function nativeModuleLoads() {
  const program = `const Database = require('better-sqlite3'); new Database(':memory:').close();`;
  return spawnSync(process.execPath, ['-e', program], { cwd: inRepository('.'), stdio: 'ignore' }).status === 0;
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exit(1);
}
