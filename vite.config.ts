/**
 * Two builds: the app with its service worker (`vite build` → dist/app) and the server (`vite build --mode=server` →
 * dist/server).
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import { VitePWA, type ManifestOptions } from 'vite-plugin-pwa';
import testConfig from './.config/vitest.config.ts';
import { webManifest } from './src/ui/web-manifest.ts';

export default defineConfig(({ mode }) => {
  // `vitest` without `--config` ends up here.
  if (mode === 'test') return testConfig;
  return mode === 'server' ? serverBuild : appBuild;
});

/** A file of its own: see `firstScript`. */
const firstWorker = 'first-worker';

const appBuild: UserConfig = {
  root: 'src/ui',
  publicDir: '../../public',
  cacheDir: '../../.cache/vite',
  plugins: [sqliteWithoutItsWorkers(), svelte({ configFile: false }), firstScript(), serviceWorker()],
  worker: { format: 'es', plugins: () => [sqliteWithoutItsWorkers(), leanSqlite()] },
  // Pre-bundling would take its WASM away from beside it.
  optimizeDeps: { exclude: ['@sqlite.org/sqlite-wasm'] },
  build: {
    outDir: '../../dist/app',
    emptyOutDir: true,
    sourcemap: true,
    // The page's content security policy allows no inline script and no data: address.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: firstWorker, test: /first-worker/ }] } } },
  },
};

/** The server, and the tools of its operator. */
const serverEntries = ['main', 'backup', 'migrate-store'];

const serverBuild: UserConfig = {
  publicDir: false,
  // A file or two but for what is native: finding some hundred modules took most of the server's start.
  ssr: { noExternal: true, external: ['better-sqlite3', '@node-rs/argon2'] },
  build: {
    ssr: true,
    rolldownOptions: { input: serverEntries.map((entry) => `src/server/${entry}.ts`) },
    outDir: 'dist/server',
    target: 'node20',
    sourcemap: true,
    emptyOutDir: true,
  },
};

/**
 * The script that starts the database's worker, ahead of the page's own: `async`, so that it waits for neither the rest of
 * the document nor its styles.
 */
function firstScript(): Plugin {
  return {
    name: 'first-script',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle = {} }) {
        const script = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === firstWorker);
        if (!script) throw new Error('first-script: the bundle lacks it');
        const attrs = { type: 'module', async: true, crossorigin: true, src: `/${script.fileName}` };
        return [{ tag: 'script', attrs, injectTo: 'head' }];
      },
    },
  };
}

/** One classic script, `sw.js`, that precaches the whole shell: pages, the database worker, SQLite, icons, fonts. */
function serviceWorker(): Plugin[] {
  return VitePWA({
    strategies: 'injectManifest',
    srcDir: '../service-worker',
    filename: 'sw.ts',
    // The app registers it itself: no inline script.
    injectRegister: false,
    // The plugin wants arrays that it could change.
    manifest: JSON.parse(JSON.stringify(webManifest)) as Partial<ManifestOptions>,
    includeManifestIcons: false,
    injectManifest: {
      rollupFormat: 'iife',
      buildPlugins: { vite: [sqliteInClassicScript(), leanSqlite()] },
      globPatterns: ['**/*.{js,css,html,wasm,svg,png,json,woff2}'],
      globIgnores: ['screenshots/**', 'sw.js'],
      maximumFileSizeToCacheInBytes: 10_000_000,
    },
  });
}

/**
 * sqlite-wasm names two workers that we never start (`sqlite3Worker1Promiser`, and the VFSes that need COOP/COEP). Left in,
 * the bundler would emit both, a whole second SQLite among them.
 */
function sqliteWithoutItsWorkers(): Plugin {
  return editSqlite('sqlite-without-its-workers', (code) => {
    const workers = /new URL\("(sqlite3-worker1\.mjs|sqlite3-opfs-async-proxy\.js)", import\.meta\.url\)/g;
    return code.replace(workers, 'new URL("$1", self.location.href)');
  });
}

/**
 * A classic script has no `import.meta`. The WASM stays the one file that the app emits: the service worker finds its
 * address in the precache list.
 */
function sqliteInClassicScript(): Plugin {
  return editSqlite('sqlite-in-classic-script', (code) => code.replaceAll('import.meta.url', 'self.location.href'));
}

/**
 * Parts of sqlite-wasm that nothing here calls, a quarter of its script, each by what it alone says: the worker API, virtual
 * tables in JavaScript, and the file systems that are disabled (opfs-pool.ts). Every start would read them.
 */
const unusedParts = [
  'sqlite3.initWorker1API = ',
  'sqlite3.vtab = ',
  'disable?.vfs?.kvvfs) return',
  'disable?.vfs?.opfs && ',
  'const installOpfsVfs = ',
  'disable?.vfs?.["opfs-wl"]) return',
];

function leanSqlite(): Plugin {
  return editSqlite('lean-sqlite', (code) => {
    const part =
      /\n\t\tglobalThis\.sqlite3ApiBootstrap\.initializers\.push\(function\(sqlite3\) \{\n.*?\n\t\t\}\);(?=\n)/gs;
    const unused = [...code.matchAll(part)].filter(([text]) => unusedParts.some((sign) => text.includes(sign)));
    if (unused.length !== unusedParts.length) return code;
    return unused.reduce((rest, [text]) => rest.replace(text, () => ''), code);
  });
}

function editSqlite(name: string, edit: (code: string) => string): Plugin {
  return {
    name,
    enforce: 'pre',
    transform: {
      filter: { id: /@sqlite\.org\/sqlite-wasm\/dist\/index\.mjs/ },
      handler(code) {
        const edited = edit(code);
        if (edited === code) throw new Error(`${name}: sqlite-wasm has changed, look at what this edits`);
        return { code: edited, map: null };
      },
    },
  };
}
