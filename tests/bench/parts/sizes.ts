/** Part 6: what a first visit loads, by file: to show the first screen, and then for the next time without a network. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Series } from '../figures.ts';
import type { Lab } from '../lab.ts';

const app = join(import.meta.dirname, '../../../.cache/bench/app');
const benchmarkOnly = /^\/(bench|plain)\.html|\/assets\/(bench|plain|write)-/;

export async function measureSizes(lab: Lab): Promise<Series[]> {
  const wire = await lab.wire(await lab.server());
  const context = await lab.drivenBrowser(await lab.folder('sizes'));
  const page = context.pages()[0] ?? (await context.newPage());
  const before = wire.bytes.received;
  await page.goto(`${wire.origin}/`);
  await page.getByRole('button', { name: /^Start learning/ }).waitFor();
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  const received = wire.bytes.received - before;
  const paths = [...new Set(wire.requests.map((request) => request.replace(/^GET ([^?]*).*/, '$1')))]
    .map((path) => (path === '/' ? '/index.html' : path))
    .filter((path) => path.startsWith('/') && !path.startsWith('/api/') && !benchmarkOnly.test(path));
  const sizes = paths.flatMap((path) => sizeOf(path));
  const code = sizes.filter(({ name }) => /\.(js|wasm)$/.test(name));
  const sum = code.reduce((total, { samples }) => total + samples[0]!, 0);
  return [
    { name: 'all that a first visit receives (with the benchmark’s own pages)', unit: 'bytes', samples: [received] },
    { name: 'JS and WASM of a first visit, gzip', unit: 'bytes', samples: [sum] },
    ...sizes.map(({ name, samples }): Series => ({ name: `${name}, gzip`, unit: 'bytes', samples })),
  ];
}

function sizeOf(path: string): { name: string; samples: number[] }[] {
  try {
    return [{ name: path, samples: [gzipSync(readFileSync(join(app, path)), { level: 9 }).length] }];
  } catch {
    return []; // Not a file of the app.
  }
}
