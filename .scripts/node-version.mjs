/** Ends the process with a clear message when Node is too old, before anything less clear can happen. */
import { readFileSync } from 'node:fs';
import { inRepository } from './repository.mjs';

export function checkNodeVersion() {
  const { engines } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'));
  const needed = engines.node.replace('>=', '');
  if (compare(process.versions.node, needed) >= 0) return;
  console.error(`Lorikeet needs Node ${needed} or newer; this is ${process.versions.node}. See https://nodejs.org/`);
  process.exit(1);
}

/**
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
