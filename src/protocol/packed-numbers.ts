/**
 * Numbers of a column in few bytes that compress well: what all have in common once (a decimal scale, a smallest value, a
 * common divisor), the rest as whole numbers of as many bytes as the largest needs, all lowest bytes first, then the next.
 */

/** `['ints', base, unit, scale, width, isRising]`, or 8 bytes a number. */
export type NumbersForm =
  readonly ['ints', base: number, unit: number, scale: number, width: number, isRising: boolean] | readonly ['doubles'];

export interface PackedNumbers {
  readonly form: NumbersForm;
  readonly bytes: Uint8Array;
}

const scales = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/** Two of these differ by a number that is still exact. */
const largest = 2 ** 52;

/** Of finite numbers, at least one. */
export function packNumbers(values: readonly number[]): PackedNumbers {
  for (const scale of scales) {
    const whole = scaled(values, scale);
    if (whole) return packWhole(whole, scale);
  }
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, row) => view.setFloat64(row * 8, value, true));
  return { form: ['doubles'], bytes };
}

/** Null unless every value comes back from it exactly. */
function scaled(values: readonly number[], scale: number): number[] | null {
  const whole = new Array<number>(values.length);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row]!;
    // `+ 0`: a negative zero is zero, as in JSON.
    const rounded = Math.round(value * scale) + 0;
    if (Math.abs(rounded) >= largest || rounded / scale !== value) return null;
    whole[row] = rounded;
  }
  return whole;
}

function packWhole(whole: readonly number[], scale: number): PackedNumbers {
  const least = whole.reduce((a, b) => Math.min(a, b));
  const plain = parts(whole.map((value) => value - least));
  const isRising = whole.every((value, row) => row === 0 || value >= whole[row - 1]!);
  const steps = isRising ? parts(whole.map((value, row) => (row === 0 ? 0 : value - whole[row - 1]!))) : plain;
  const rises = steps.width < plain.width;
  const { unit, width, values } = rises ? steps : plain;
  return { form: ['ints', least, unit, scale, width, rises], bytes: planes(values, width) };
}

interface Parts {
  readonly unit: number;
  readonly width: number;
  readonly values: readonly number[];
}

function parts(offsets: readonly number[]): Parts {
  const unit = offsets.reduce(divisor, 0) || 1;
  const values = unit === 1 ? offsets : offsets.map((offset) => offset / unit);
  const most = values.reduce((a, b) => Math.max(a, b));
  let width = 0;
  for (let rest = most; rest > 0; rest = Math.floor(rest / 256)) width += 1;
  return { unit, width, values };
}

function divisor(a: number, b: number): number {
  while (b !== 0 && a !== 1) [a, b] = [b, a % b];
  return a;
}

function planes(values: readonly number[], width: number): Uint8Array {
  const rows = values.length;
  const bytes = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row += 1) {
    let rest = values[row]!;
    for (let plane = 0; plane < width; plane += 1) {
      bytes[plane * rows + row] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
  return bytes;
}

/** How many bytes so many numbers take, or null where the form is none. */
export function sizeOfNumbers(form: unknown, rows: number): number | null {
  if (!Array.isArray(form)) return null;
  if (form[0] === 'doubles') return rows * 8;
  const [kind, base, unit, scale, width, isRising] = form as unknown[];
  const fits =
    kind === 'ints' &&
    Number.isSafeInteger(base) &&
    Number.isSafeInteger(unit) &&
    scales.includes(scale as number) &&
    [0, 1, 2, 3, 4, 5, 6, 7].includes(width as number) &&
    typeof isRising === 'boolean';
  return fits ? rows * (width as number) : null;
}

/** Of a form that has a size, and bytes of that size. Null where a number is out of bounds. */
export function unpackNumbers(
  form: NumbersForm,
  { bytes, rows }: { bytes: Uint8Array; rows: number },
): Float64Array | null {
  const values = new Float64Array(rows);
  if (form[0] === 'doubles') {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let row = 0; row < rows; row += 1) values[row] = view.getFloat64(row * 8, true);
    return values.every(Number.isFinite) ? values : null;
  }
  const [, base, unit, scale, width, isRising] = form;
  for (let plane = width - 1; plane >= 0; plane -= 1) {
    for (let row = 0; row < rows; row += 1) values[row] = values[row]! * 256 + bytes[plane * rows + row]!;
  }
  let before = base;
  for (let row = 0; row < rows; row += 1) {
    const value = (isRising ? before : base) + unit * values[row]!;
    if (!Number.isSafeInteger(value)) return null;
    before = value;
    values[row] = value / scale;
  }
  return values;
}
