/** The values of one column of many rows, in the form that they came in: so that they need not become objects first. */
import type { Value } from './value.ts';

export type Cells =
  | { readonly kind: 'values'; readonly values: readonly Value[] }
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  /** UTF-8, one after the other. `ends[i]`: where the text of row i ends. */
  | { readonly kind: 'texts'; readonly bytes: Uint8Array; readonly ends: Uint32Array }
  | { readonly kind: 'same'; readonly value: Value };
