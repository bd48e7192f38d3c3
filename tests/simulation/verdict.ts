/** What the checks found. Collected, not thrown: product code may catch what is thrown inside it. */
export class Verdict {
  /** The first broken invariant, which is what a run is judged by: the rest may follow from it. */
  violation: string | null = null;

  report(invariant: string, message: string): void {
    this.violation ??= `${invariant}: ${message}`;
  }
}
