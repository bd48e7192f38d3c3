/** How a behaviour fared inside a browser. */
export interface Outcome {
  /** The names of its suites, and its own. */
  readonly path: readonly string[];
  /** Why it failed, or null. */
  readonly failure: string | null;
}
