/** The shape of JSON: property names and types, without the values. */

/** One shape that covers all samples. A property that some samples lack has a `?` after its name. */
export function shapeOf(samples: readonly unknown[]): unknown {
  const kinds = [...new Set(samples.map(kindOf))].sort();
  const shapes = kinds.map((kind) => {
    const same = samples.filter((sample) => kindOf(sample) === kind);
    if (kind === 'array') return [shapeOf((same as unknown[][]).flat())];
    if (kind === 'object') return objectShape(same as Record<string, unknown>[]);
    return kind;
  });
  return shapes.length === 1 ? shapes[0] : { oneOf: shapes };
}

function objectShape(samples: readonly Record<string, unknown>[]): Record<string, unknown> {
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample)))].sort();
  return Object.fromEntries(
    names.map((name) => {
      const having = samples.filter((sample) => Object.hasOwn(sample, name));
      return [having.length === samples.length ? name : `${name}?`, shapeOf(having.map((sample) => sample[name]))];
    }),
  );
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
