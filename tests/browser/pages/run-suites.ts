/** Runs suites where they are, in a page's worker or in a service worker, and tells how each behaviour fared. */
import { startTests, type Task, type VitestRunnerConfig } from '@vitest/runner';
import type { Outcome } from '../outcome.ts';

const config: VitestRunnerConfig = {
  root: '/',
  name: undefined,
  setupFiles: [],
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
  chaiConfig: undefined,
  maxConcurrency: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

export async function runSuites(define: () => void): Promise<Outcome[]> {
  const importFile = (): void => define();
  const files = await startTests(['suites'], { config, importFile });
  return files.flatMap((file) => [...failuresOf(file, []), ...file.tasks.flatMap((task) => outcomesOf(task, []))]);
}

function outcomesOf(task: Task, path: readonly string[]): Outcome[] {
  const here = [...path, task.name];
  if (task.type === 'suite')
    return [...failuresOf(task, here), ...task.tasks.flatMap((each) => outcomesOf(each, here))];
  if (task.mode !== 'run') return [];
  return task.result?.state === 'pass' ? [{ path: here, failure: null }] : failuresOf(task, here);
}

/** A suite fails by itself when a hook does, or when it could not be collected. */
function failuresOf(task: Task, path: readonly string[]): Outcome[] {
  if (task.result?.state !== 'fail') return [];
  const errors = task.result.errors?.map(({ message, diff }) => [message, diff].filter(Boolean).join('\n')) ?? [];
  if (task.type === 'suite' && errors.length === 0) return [];
  return [{ path: path.length === 0 ? ['the suites load'] : path, failure: errors.join('\n') || 'failed' }];
}
