/**
 * The documents name the tests that hold what they say; here it is seen that those are there, that nothing that must have
 * one is without, and that the transition table of docs/spec/sync.md is the machine's.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tables } from '../../src/schema/tables.ts';

const read = (file: string): string => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

interface Item {
  readonly what: string;
  readonly tests: { readonly file: string; readonly title: string }[];
}

const documents = ['docs/spec/sync.md', 'docs/spec/first-version.md', 'docs/security.md'];
const sync = read('docs/spec/sync.md');

/** Items with the tests below them. */
function itemsOf(text: string): Item[] {
  const items: Item[] = [];
  for (const line of text.split('\n')) {
    const test = /^ {2}- `(tests\/[^`]+)` › (.+)$/.exec(line);
    if (test) items.at(-1)?.tests.push({ file: test[1]!, title: test[2]! });
    else if (line.startsWith('| ')) items.push(rowOf(line));
    else if (line.startsWith('- ')) items.push({ what: line.slice(2), tests: [] });
  }
  return items;
}

/** A row of a table that names tests in its last column. */
function rowOf(line: string): Item {
  const [, what = ''] = line.split(' | ');
  const tests = [...line.matchAll(/`(tests\/[^`]+)` › (.+?)(?=<br>| \|)/g)];
  return { what, tests: tests.map(([, file, title]) => ({ file: file!, title: title! })) };
}

function section(text: string, heading: string): string {
  const [, body = ''] = text.split(`\n${heading}\n`);
  return body.split(/\n#{2,3} /)[0]!;
}

/** Whether a file has a test that is called so: `it('…'`, `it.each(…)('…'`, `test(`…`. */
function hasTest(file: string, title: string): boolean {
  if (!existsSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)))) return false;
  const quoted = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`\\(\\s*(['\`])${quoted}\\1`).test(read(file));
}

describe.each(documents)('what %s says', (document) => {
  const items = itemsOf(read(document)).filter(({ tests }) => tests.length > 0);

  it('names tests', () => expect(items.length).toBeGreaterThan(15));

  it.each(items.flatMap(({ what, tests }) => tests.map((test) => ({ what, ...test }))))(
    'is held: $what, by $title',
    ({ file, title }) => {
      expect(hasTest(file, title), `${file} has no test "${title}"`).toBe(true);
    },
  );
});

describe('the checklist of the engine', () => {
  it.each([
    '### Transitions',
    '### Invariants, and what each assumes of the server',
    '### Strategies',
    '### Faults and crossings',
  ])('has a test for every line of "%s"', (heading) => {
    const items = itemsOf(section(sync, heading));
    expect(items.length).toBeGreaterThan(3);
    for (const { what, tests } of items) expect(tests.length, what).toBeGreaterThan(0);
  });

  it('has every invariant', () => {
    const declared = [...section(sync, '## Invariants').matchAll(/^\| (I\d+) \|/gm)].map(([, id]) => id);
    const listed = [...sync.matchAll(/^- \*\*(I\d+)\*\*/gm)].map(([, id]) => id);
    expect(declared).toHaveLength(10);
    expect(listed).toEqual(declared);
  });

  it('has every strategy', () => {
    const listed = itemsOf(section(sync, '### Strategies')).map(({ what }) => what.replaceAll('`', ''));
    expect(listed).toEqual(tables.conflict.columns.strategy.enum);
  });
});

describe('the transition table', () => {
  /** state → event → what the source does there: `stray`, `remember`, or something of its own. */
  const source = machineTable();
  const written = documentedTable();

  it('has the states and events of the machine, in both', () => {
    expect(Object.keys(source)).toHaveLength(7);
    expect(Object.keys(written)).toEqual(Object.keys(source));
    for (const state of Object.keys(source)) expect(Object.keys(written[state]!)).toEqual(Object.keys(source[state]!));
  });

  it('says of each cell whether it is stray, remembered, or does something', () => {
    const kind = (cell: string): string => (cell === '–' ? 'stray' : cell === 'remember' ? 'remember' : 'own');
    for (const [state, cells] of Object.entries(source)) {
      for (const [event, cell] of Object.entries(cells)) {
        expect(kind(written[state]![event]!), `${event} while ${state}`).toBe(cell);
      }
    }
  });
});

function machineTable(): Record<string, Record<string, string>> {
  const code = read('src/sync/machine.ts');
  const from = code.indexOf('const table: Table = {');
  const body = code.slice(from, code.indexOf('\n};', from));
  const states = [...body.matchAll(/^ {2}(\w+): \{([\s\S]*?)^ {2}\},/gm)];
  return Object.fromEntries<Record<string, string>>(
    states.map(([, state = '', cells]) => [
      state,
      Object.fromEntries(
        [...cells!.matchAll(/^ {4}(\w+): ?(\w*)/gm)].map(([, event, does]) => [
          event,
          does === 'stray' || does === 'remember' ? does : 'own',
        ]),
      ),
    ]),
  );
}

function documentedTable(): Record<string, Record<string, string>> {
  const rows = section(sync, '## States and events')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [head = [], , ...body] = rows;
  return Object.fromEntries(
    body.map(([state = '', ...cells]) => [
      state.replaceAll('*', ''),
      Object.fromEntries(cells.map((cell, index) => [head[index + 1], cell])),
    ]),
  );
}
