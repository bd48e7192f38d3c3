/** Messages that went wrong on the way or were made to harm: JSON with parts replaced, taken out or added, and bytes with damage. */
import fc from 'fast-check';

type Path = readonly (string | number)[];

interface Damage {
  /** Which part; of so many as there are. */
  readonly at: number;
  readonly kind: 'replace' | 'remove' | 'add';
  readonly part: unknown;
}

/** What parsers stumble over. */
const snares: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  '0',
  'x',
  '\0',
  '\ud800',
  '__proto__',
  'constructor',
  "'; DROP TABLE row; --",
  'é'.repeat(300),
  [],
  {},
  [[]],
  [null],
  { length: 3 },
  { toString: 1 },
];

/** Any JSON, hostile more often than not. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...snares) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);

/** A copy of `whole` with one to three parts of it replaced, taken out or added. */
export function damaged(whole: unknown): fc.Arbitrary<unknown> {
  const damage = fc.record<Damage>({
    at: fc.nat(),
    kind: fc.constantFrom('replace', 'replace', 'remove', 'add'),
    part: anyJson,
  });
  return fc
    .array(damage, { minLength: 1, maxLength: 3 })
    .map((damages) => damages.reduce<unknown>(withDamage, structuredClone(whole)));
}

/** The bytes of a text with some flipped, left out or added, or cut off. */
export function damagedBytes(whole: string | Uint8Array): fc.Arbitrary<Buffer> {
  const edit = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom<'set' | 'insert' | 'drop' | 'cut'>('set', 'set', 'insert', 'drop', 'cut'),
    byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x22, 0x5c, 0x7b, 0x7d, 0xff, 0x00)),
  });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    const bytes = [...(typeof whole === 'string' ? Buffer.from(whole) : whole)];
    for (const { at, kind, byte } of edits) {
      const place = at % (bytes.length + 1);
      if (kind === 'cut') bytes.length = place;
      else bytes.splice(place, kind === 'insert' ? 0 : 1, ...(kind === 'drop' ? [] : [byte]));
    }
    return Buffer.from(bytes);
  });
}

function withDamage(whole: unknown, { at, kind, part: drawn }: Damage): unknown {
  const part = structuredClone(drawn);
  const paths = pathsOf(whole);
  const path = paths[at % paths.length]!;
  const key = path.at(-1);
  if (key === undefined) return kind === 'replace' ? part : whole;
  const parent = path.slice(0, -1).reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], whole);
  if (Array.isArray(parent)) {
    parent.splice(Number(key), kind === 'add' ? 0 : 1, ...(kind === 'remove' ? [] : [part]));
  } else {
    const record = parent as Record<string, unknown>;
    if (kind === 'remove') Reflect.deleteProperty(record, key);
    else record[kind === 'add' ? `${key}_` : key] = part;
  }
  return whole;
}

/** Of every part, the whole first. */
function pathsOf(node: unknown, path: Path = []): Path[] {
  if (typeof node !== 'object' || node === null) return [path];
  const entries = Array.isArray(node) ? [...node.entries()] : Object.entries(node);
  return [path, ...entries.flatMap(([key, part]: [string | number, unknown]) => pathsOf(part, [...path, key]))];
}
