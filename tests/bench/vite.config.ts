/**
 * Builds of the benchmark, all under `.cache/bench`: its own pages (`--mode=pages`), the app by the project's own settings
 * with those pages beside it and in its precache (no mode), the server (`--mode=server`). The pages are bundled apart, so
 * that the app's own files stay what they are in `dist`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, mergeConfig, type Plugin, type PluginOption, type UserConfig } from 'vite';
import project from '../../vite.config.ts';

const built = join(import.meta.dirname, '../../.cache/bench');

export default defineConfig((env) => {
  const theirs = project(env);
  if (env.mode === 'server') {
    const rolldownOptions = { input: ['tests/bench/server/bare-server.ts'] };
    return mergeConfig(theirs, { build: { outDir: join(built, 'server'), rolldownOptions } });
  }
  if (env.mode !== 'pages') {
    return mergeConfig(theirs, { build: { outDir: join(built, 'app') }, plugins: [benchmarkPages()] });
  }
  return {
    root: join(import.meta.dirname, 'pages'),
    publicDir: false,
    plugins: (theirs.plugins ?? []).filter(isForSqlite),
    // Plain SQLite is the library as it is published.
    worker: { format: 'es', plugins: () => (theirs.worker?.plugins?.() ?? []).filter(isForSqlite) },
    build: {
      outDir: join(built, 'pages'),
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      rolldownOptions: { input: ['bench', 'plain'].map((name) => join(import.meta.dirname, `pages/${name}.html`)) },
    },
  } satisfies UserConfig;
});

function isForSqlite(option: PluginOption): boolean {
  return option !== null && typeof option === 'object' && 'name' in option && option.name.startsWith('sqlite');
}

/** Files that both builds make are the same: their names bear a hash of their content. */
function benchmarkPages(): Plugin {
  return {
    name: 'benchmark-pages',
    generateBundle(_options, bundle) {
      const pages = join(built, 'pages');
      for (const fileName of readdirSync(pages, { recursive: true, encoding: 'utf8' })) {
        if (!/\.\w+$/.test(fileName) || fileName in bundle) continue;
        this.emitFile({ type: 'asset', fileName, source: readFileSync(join(pages, fileName)) });
      }
    },
  };
}
