/**
 * Lint for everything, the service worker and the `.svelte` files included. Formatting is Prettier's. The import table is
 * dependency-cruiser's, save for what it cannot see.
 */
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

const typeChecked = {
  languageOptions: { parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] } },
  rules: {
    '@typescript-eslint/consistent-type-imports': 'error',
    '@typescript-eslint/consistent-type-exports': 'error',
    '@typescript-eslint/consistent-type-definitions': 'off',
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    '@typescript-eslint/return-await': ['error', 'in-try-catch'],
    '@typescript-eslint/require-await': 'off',
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    '@typescript-eslint/no-confusing-void-expression': 'off',
    '@typescript-eslint/no-non-null-assertion': 'off',
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    '@typescript-eslint/prefer-readonly': 'error',
    '@typescript-eslint/unified-signatures': 'off',
    '@typescript-eslint/no-invalid-void-type': 'off',
    '@typescript-eslint/no-generated-empty-object-type': 'off',
    '@typescript-eslint/no-unsafe-enum-assignment': 'off',
    '@typescript-eslint/no-misused-spread': 'off',
    '@typescript-eslint/no-empty-function': 'off',
    '@typescript-eslint/unbound-method': 'off',
    '@typescript-eslint/prefer-optional-chain': 'off',
    // What the DOM's types promise is not there in every browser and context.
    '@typescript-eslint/no-unnecessary-condition': 'off',
    '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
    '@typescript-eslint/dot-notation': 'off',
    'no-restricted-syntax': ['error', { selector: 'ExportAllDeclaration', message: 'No barrel files.' }],
    'max-params': ['error', 4],
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-console': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
  },
};

const unsafe = ['argument', 'assignment', 'call', 'member-access', 'return'];

/** Relative imports that a `.svelte` file of this depth may not have. `up` leads to `src/`. */
function svelteImports(files, up, patterns = []) {
  const allowed = String.raw`(base/|schema/|ui/|protocol/(errors|limits)\.ts|client/(db/api|capabilities|sparing|sync-api)\.ts)`;
  const outside = {
    regex: `^${up.replaceAll('.', String.raw`\.`)}(?!${String.raw`\.\./|`}${allowed})`,
    message:
      'A component imports base, schema, protocol/errors, client/db/api, client/sync-api, sparing and capabilities.',
  };
  return { files, rules: { 'no-restricted-imports': ['error', { patterns: [outside, ...patterns] }] } };
}

const worldly = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'performance', 'crypto', 'navigator'],
  ...['self', 'window', 'globalThis', 'indexedDB', 'localStorage', 'console', 'process'],
].map((name) => ({ name, message: 'The engine reaches the world through ports only (I10).' }));

/** The engine decides and never acts (I10): the clock, chance, timers and the network come through ports. */
const purity = {
  files: ['src/{base,protocol,schema,sync}/**/*.ts'],
  rules: {
    'no-restricted-globals': ['error', ...worldly],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'Take the time from the Clock port (I10).' },
      { object: 'Math', property: 'random', message: 'Take chance from the Random port (I10).' },
    ],
    'no-restricted-syntax': [
      'error',
      { selector: 'ExportAllDeclaration', message: 'No barrel files.' },
      {
        selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
        message: 'Take the time from a port (I10).',
      },
      { selector: 'CallExpression[callee.name="Date"]', message: 'Take the time from a port (I10).' },
    ],
  },
};

export default ts.config(
  { ignores: ['dist/', 'data/', 'coverage/', 'test-results/', 'playwright-report/', '.cache/', 'public/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte'],
    extends: [...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked, typeChecked],
  },
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { globals: globals.browser, parserOptions: { parser: ts.parser } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'svelte/require-each-key': 'error',
      // Not every Map and Date is state.
      'svelte/prefer-svelte-reactivity': 'off',
      // Written for a router with base paths; ours has none.
      'svelte/no-navigation-without-resolve': 'off',
      // Runes are reassigned by bindings and templates that the rule does not see.
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$derived', '$state', '$bindable'] }],
    },
  },
  {
    files: ['**/*.svelte'],
    // Here a component imported from another file is `any`; svelte-check knows its type and checks it.
    rules: Object.fromEntries(unsafe.map((kind) => [`@typescript-eslint/no-unsafe-${kind}`, 'off'])),
  },
  svelteImports(['src/ui/*.svelte'], '../'),
  svelteImports(['src/ui/*/*.svelte'], '../../'),
  svelteImports(['src/ui/features/*/*.svelte'], '../../../', [
    { regex: String.raw`^\.\./[^.]`, message: 'A feature never imports another.' },
  ]),
  svelteImports(['src/ui/components/*.svelte'], '../../', [
    { regex: String.raw`^\.\./`, message: 'A component imports components only.' },
  ]),
  purity,
  { files: ['src/server/main.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['tests/**/*.ts'],
    rules: { 'no-console': 'off', '@typescript-eslint/no-deprecated': 'off', 'max-params': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: globals.node },
  },
);
