/**
 * The steps of client files, oldest first: `steps[0]` brings version 1 to version 2. A step that was released is never
 * edited, files have gone through it already; the last one grows until it is released (CONTRIBUTING.md,
 * "Adding a column or a table").
 */
import type { MigrationStep } from './schema.ts';

/** The newest version that was released: its declaration and its step are what they are. A newer one may still grow. */
export const releasedSchema = 1;

export const steps: readonly MigrationStep[] = [
  // 1 to 2. Files of version 1 were made with three sets of indexes and triggers: all of them get the declared one.
  { statements: [] },
];
