/**
 * Client migrations, forward only, by `PRAGMA user_version`. Version n is reached from n - 1 by `steps[n - 1]`; a file
 * is never changed in place by editing a step that was released.
 */
import { err, ok, type Result } from '../base/result.ts';
import { createSchema, type FullTextModule } from './ddl.ts';
import { schemaVersion } from './tables.ts';

type Step = (fullText: FullTextModule) => readonly string[];

const steps: readonly Step[] = [createSchema];

/** The statements that bring a file from a version to the current one, to be run in one transaction. */
export function migrationPlan(from: number, fullText: FullTextModule): Result<readonly string[], 'newer'> {
  if (from > schemaVersion) return err('newer');
  const pending = steps.slice(from, schemaVersion).flatMap((step) => step(fullText));
  return ok(pending.length === 0 ? [] : [...pending, `PRAGMA user_version = ${schemaVersion}`]);
}
