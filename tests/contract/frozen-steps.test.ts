/**
 * A migration step that has landed is frozen: files and tables have gone through its text, and never will again. What is
 * recorded beside this test is the hash of each. WRITE_GOLDEN=1 adds those of new steps; it writes over none.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { releasedSchema, steps } from '../../src/schema/steps.ts';
import { migrations as postgres } from '../../src/server/stores/postgres/schema.ts';
import { migrations as sqlite } from '../../src/server/stores/sqlite/database-file.ts';

const recordFile = fileURLToPath(new URL('frozen-steps.json', import.meta.url));
const frozen = JSON.parse(readFileSync(recordFile, 'utf8')) as Record<string, Readonly<Record<string, string>>>;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Of the client's, those up to the released version: the one after may still grow (client-schema.test.ts holds it). */
const landed: Readonly<Record<string, readonly string[]>> = {
  client: steps.slice(0, releasedSchema - 1).map(({ statements }) => hashOf(JSON.stringify(statements))),
  'server on SQLite': sqlite.map(hashOf),
  'server on PostgreSQL': postgres.map(hashOf),
};

describe.each(Object.keys(landed))('the steps of the %s', (name) => {
  const hashes = landed[name]!;
  const before = frozen[name] ?? {};
  const isRecorded = (step: number) => Object.hasOwn(before, step);

  it('are the text that they were when they landed', () => {
    const edited = Object.keys(before).filter((step) => before[step] !== hashes[Number(step) - 1]);
    const words =
      'was edited or removed after files had gone through it. Put it back, and write a new step after the last.';
    expect(edited, `Step ${edited.join(', ')} ${words}`).toEqual([]);
  });

  it('are all recorded', () => {
    const added = hashes.flatMap((hash, at) => (isRecorded(at + 1) ? [] : [[at + 1, hash] as const]));
    if (process.env['WRITE_GOLDEN'] === '1') {
      frozen[name] = { ...before, ...Object.fromEntries(added) };
      writeFileSync(recordFile, `${JSON.stringify(frozen, null, 2)}\n`);
    } else {
      expect(added, 'A step is new: run once with WRITE_GOLDEN=1 when it is complete.').toEqual([]);
    }
  });
});
