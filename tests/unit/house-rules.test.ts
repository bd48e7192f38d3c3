/** The rules of the house bite: each is broken once, on purpose, in a copy. */
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { ESLint } from 'eslint';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the import table', () => {
  const rules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as IFlattenedRuleSet;
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'house-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['base-imports', 'src/base/a.ts', 'src/protocol/b.ts'],
    ['protocol-imports', 'src/protocol/a.ts', 'src/schema/b.ts'],
    ['schema-imports', 'src/schema/a.ts', 'src/sync/b.ts'],
    ['sync-imports', 'src/sync/a.ts', 'src/client/b.ts'],
    ['client/db-imports', 'src/client/db/a.ts', 'src/sync/machine.ts'],
    ['client/db-imports', 'src/client/db/a.ts', 'src/ui/b.ts'],
    ['client/adapters-imports', 'src/client/adapters/a.ts', 'src/client/db/database.ts'],
    ['service-worker-imports', 'src/service-worker/a.ts', 'src/ui/b.ts'],
    ['ui-imports', 'src/ui/a.ts', 'src/sync/b.ts'],
    ['ui-imports', 'src/ui/a.ts', 'src/client/db/database.ts'],
    ['ui-components-imports', 'src/ui/components/a.ts', 'src/ui/state/b.ts'],
    ['ui-features-apart', 'src/ui/features/words/a.ts', 'src/ui/features/talk/b.ts'],
    ['server-imports', 'src/server/a.ts', 'src/client/b.ts'],
    ['server-http-without-a-concrete-store', 'src/server/http/a.ts', 'src/server/stores/sqlite/b.ts'],
    ['server-exchange-pure', 'src/server/exchange/a.ts', 'src/server/stores/sqlite/b.ts'],
    ['server-stores-apart', 'src/server/stores/sqlite/a.ts', 'src/server/stores/postgres/b.ts'],
    ['entries-are-not-imported', 'src/server/a.ts', 'src/server/main.ts'],
    ['src-without-tests', 'src/sync/a.ts', 'tests/support/b.ts'],
  ])('%s: %s may not import %s', async (rule, from, to) => {
    const home = await mkdtemp(join(folder, 'case-'));
    await write(home, to, 'export const b = 1;\n');
    const path = Array<string>(from.split('/').length - 1)
      .fill('..')
      .join('/');
    await write(home, from, `export { b } from '${path}/${to}';\n`);
    expect(await brokenRules(home)).toContain(rule);
  });

  it('no-cycle: two files may not import each other', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    await write(home, 'src/sync/a.ts', `import { b } from './b.ts';\nexport const a = () => b;\n`);
    await write(home, 'src/sync/b.ts', `import { a } from './a.ts';\nexport const b = () => a;\n`);
    expect(await brokenRules(home)).toContain('no-cycle');
  });

  it('no-orphan: a file alone is dead', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    await write(home, 'src/sync/a.ts', 'export const a = 1;\n');
    expect(await brokenRules(home)).toContain('no-orphan');
  });

  async function brokenRules(home: string): Promise<string[]> {
    const { forbidden = [] } = rules;
    const result = await cruise(['src'], {
      baseDir: home,
      ruleSet: { forbidden },
      validate: true,
      tsPreCompilationDeps: true,
    });
    return (result.output as ICruiseResult).summary.violations.map((violation) => violation.rule.name);
  }
});

describe('lint', () => {
  const eslint = new ESLint({ cwd: root, overrideConfigFile: join(root, '.config/eslint.config.js') });

  it.each([
    ['no-restricted-properties', 'src/sync/clock.ts', 'export const at = () => Date.now();'],
    ['no-restricted-properties', 'src/sync/clock.ts', 'export const die = () => Math.random();'],
    ['no-restricted-syntax', 'src/schema/tables.ts', 'export const at = () => new Date();'],
    ['no-restricted-globals', 'src/protocol/limits.ts', 'export const wait = () => setTimeout(() => 0, 1);'],
    ['no-restricted-globals', 'src/sync/clock.ts', `export const get = () => fetch('/');`],
    ['no-restricted-globals', 'src/sync/clock.ts', 'export const id = () => crypto.randomUUID();'],
    ['@typescript-eslint/no-floating-promises', 'src/service-worker/sw.ts', 'Promise.resolve(1);'],
    ['@typescript-eslint/no-explicit-any', 'src/server/app.ts', 'export const x = (y: any): unknown => y;'],
    ['@typescript-eslint/no-floating-promises', 'src/ui/App.svelte', '<script lang="ts">Promise.resolve(1);</script>'],
    [
      'no-restricted-imports',
      'src/ui/App.svelte',
      `<script lang="ts">import type { State } from '../sync/machine.ts';</script>`,
    ],
    [
      'no-restricted-imports',
      'src/ui/features/words/Words.svelte',
      `<script lang="ts">import X from '../talk/Talk.svelte';</script>`,
    ],
    [
      'no-restricted-imports',
      'src/ui/components/Chip.svelte',
      `<script lang="ts">import { paths } from '../state/routes.ts';</script>`,
    ],
  ])('%s: in %s', async (rule, filePath, code) => {
    const [result] = await eslint.lintText(code, { filePath: join(root, filePath) });
    expect(result?.messages.map(({ ruleId }) => ruleId)).toContain(rule);
  });
});

async function write(home: string, path: string, text: string): Promise<void> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
