/** Builds the suites for browsers and serves them. */
import { join } from 'node:path';
import { build, preview, type InlineConfig } from 'vite';

const root = join(import.meta.dirname, 'pages');

const config: InlineConfig = {
  configFile: false,
  root,
  publicDir: false,
  logLevel: 'error',
  cacheDir: join(import.meta.dirname, '../../.cache/vite-browser'),
  resolve: { alias: [{ find: /^vitest$/, replacement: join(root, 'vitest.ts') }] },
  worker: { format: 'es' },
  build: {
    outDir: join(import.meta.dirname, '../../.cache/browser'),
    emptyOutDir: true,
    minify: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: join(root, 'index.html'), 'service-worker': join(root, 'service-worker.ts') },
      output: { entryFileNames: '[name].js' },
    },
  },
  preview: { host: 'localhost', port: 0 },
};

export interface ServedSuites {
  readonly origin: string;
  close(): Promise<void>;
}

export async function serveSuites(): Promise<ServedSuites> {
  await build(config);
  const server = await preview(config);
  const origin = server.resolvedUrls?.local[0];
  if (origin === undefined) throw new Error('the suites are not served');
  return { origin, close: () => server.close() };
}
