/** Where the repository is, and how its tools are run: always from its root, never through a global install. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} path relative to the repository's root */
export function inRepository(path) {
  return join(root, path);
}

/** The script of an installed tool, run by this Node: the shims of `node_modules/.bin` differ between systems. */
export const tools = {
  eslint: 'node_modules/eslint/bin/eslint.js',
  prettier: 'node_modules/prettier/bin/prettier.cjs',
  depcruise: 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
  knip: 'node_modules/knip/bin/knip.js',
  tsc: 'node_modules/typescript/bin/tsc',
  svelteCheck: 'node_modules/svelte-check/bin/svelte-check',
  vite: 'node_modules/vite/bin/vite.js',
  vitest: 'node_modules/vitest/vitest.mjs',
  playwright: 'node_modules/@playwright/test/cli.js',
};

/**
 * Runs a command to its end, its output going to ours. True when it exits with 0.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [env] beside ours
 */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    // npm is a .cmd file on Windows, which only a shell starts.
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (result.error) console.error(`${command}: ${result.error.message}`);
  return result.status === 0;
}

/**
 * Runs one of our tools.
 * @param {keyof typeof tools} tool
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [env]
 */
export function runTool(tool, args, env) {
  return run(process.execPath, [inRepository(tools[tool]), ...args], env);
}
