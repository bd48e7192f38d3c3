/**
 * Who may import whom: the table of docs/architecture.md, as rules. `allow(folder, others)` forbids a folder everything
 * that is not its own or in the list. ESLint repeats the rules of `src/ui` for `.svelte` files, whose type imports this
 * tool does not see.
 */

const npm = (...names) => names.map((name) => `node_modules/${name}/`);

/** Inside a folder all may import each other, unless a narrower rule says more. */
function allow(folder, others, { except } = {}) {
  return {
    name: `${folder.replace('src/', '')}-imports`,
    comment: `${folder} imports only itself and what the table allows.`,
    severity: 'error',
    from: { path: `^${folder}/`, ...(except && { pathNot: except }) },
    to: { pathNot: [`^${folder}/`, ...others] },
  };
}

const base = '^src/base/';
const protocol = '^src/protocol/';
const schema = '^src/schema/';
const sync = '^src/sync/';
const changeStore = '^src/server/(change-store|account-store|push-store|store-copy|poke-bus)\\.ts$';
const exchange = '^src/server/exchange/';
/** The bundler knows what `?url` is; the list of what this package exports has the name without it. */
const sqliteFile = '^@sqlite\\.org/sqlite-wasm/sqlite3\\.wasm\\?url$';

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphan',
      comment: 'A file that nothing imports and that imports nothing is dead.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: sqliteFile },
    },
    {
      name: 'src-without-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^tests/' },
    },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'entries-are-not-imported',
      comment: 'An entry composes its process; what others need lives in a module.',
      severity: 'error',
      from: {},
      to: { path: '^src/(ui/main|client/db/worker|service-worker/sw|server/(main|backup|migrate-store))\\.ts$' },
    },

    allow('src/base', []),
    allow('src/protocol', [base, ...npm('typebox')]),
    allow('src/schema', [base, protocol]),
    allow('src/sync', [base, protocol, schema]),

    allow(
      'src/client/db',
      [
        base,
        protocol,
        schema,
        // Plain functions of the engine on stamps and changes; never its machine or runner.
        '^src/sync/(ports|report|clock|change|tally|writers)\\.ts$',
        '^src/client/(capabilities|sw-messages)\\.ts$',
        ...npm('@sqlite.org/sqlite-wasm', 'sql.js', '@types/sql.js', 'ts-fsrs', 'uuid'),
        sqliteFile,
      ],
      { except: '^src/client/db/worker\\.ts$' },
    ),
    {
      name: 'client/db-worker-imports',
      comment: 'The composition root of the database worker may import all of the client.',
      severity: 'error',
      from: { path: '^src/client/db/worker\\.ts$' },
      to: { path: '^src/(ui|server|service-worker)/' },
    },
    allow('src/client/adapters', [
      base,
      protocol,
      '^src/sync/(ports|report)\\.ts$',
      '^src/client/db/api\\.ts$',
      '^src/client/[^/]+\\.ts$',
      ...npm('@simplewebauthn/browser'),
    ]),
    allow('src/service-worker', [
      base,
      protocol,
      schema,
      sync,
      '^src/client/',
      ...npm('workbox-[a-z]+', '@sqlite.org/sqlite-wasm', 'uuid'),
    ]),

    allow(
      'src/ui',
      [
        base,
        schema,
        '^src/client/(db/api|capabilities|sparing|sync-api)\\.ts$',
        '^src/protocol/(errors|limits)\\.ts$',
        ...npm('svelte', 'uuid'),
      ],
      { except: '^src/ui/main\\.ts$' },
    ),
    {
      name: 'ui-main-imports',
      comment: 'The composition root of the page may import all of the client, nothing of other processes.',
      severity: 'error',
      from: { path: '^src/ui/main\\.ts$' },
      to: { path: '^src/(server|service-worker)/' },
    },
    {
      name: 'ui-components-imports',
      comment: 'Components know nothing of features, routes or state.',
      severity: 'error',
      from: { path: '^src/ui/components/' },
      to: { path: '^src/', pathNot: '^src/ui/components/' },
    },
    {
      name: 'ui-features-apart',
      comment: 'A feature never imports another.',
      severity: 'error',
      from: { path: '^src/ui/features/([^/]+)/' },
      to: { path: '^src/ui/(features|routes)/', pathNot: '^src/ui/features/$1/' },
    },

    {
      name: 'server-imports',
      severity: 'error',
      from: { path: '^src/server/' },
      to: { path: '^src/(client|service-worker|ui)/' },
    },
    {
      name: 'server-http-without-a-concrete-store',
      severity: 'error',
      from: { path: '^src/server/http/' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/server/http/',
          '^src/server/(config|metrics)\\.ts$',
          '^src/sync/(clock|change)\\.ts$',
          base,
          protocol,
          schema,
          changeStore,
        ],
      },
    },
    {
      name: 'server-exchange-pure',
      comment: 'What both stores decide alike knows the port and no store.',
      severity: 'error',
      from: { path: exchange },
      to: { pathNot: [exchange, base, protocol, schema, sync, changeStore] },
    },
    {
      name: 'server-stores-apart',
      comment: 'A store knows the port, the shared exchange and itself; not HTTP and not the other store.',
      severity: 'error',
      from: { path: '^src/server/stores/([^/]+)/' },
      to: {
        path: '^src/',
        pathNot: ['^src/server/stores/$1/', base, protocol, schema, changeStore, exchange],
      },
    },
    {
      name: 'tests-in-node-without-the-page',
      comment: 'End-to-end tests look at the app from outside, as a person does.',
      severity: 'error',
      from: { path: '^tests/e2e/' },
      to: { path: '^src/(ui|client/db|service-worker|server)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^\\.cache/', '^dist/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['browser', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.svelte', '.js', '.mjs', '.d.ts'],
    },
  },
};
