/** A new version of the app that waits to take over. The page decides when: a reload never interrupts typing. */
export interface AppUpdate {
  readonly ready: boolean;
  onReady(listener: () => void): () => void;
  /** Lets the new service worker take over, then reloads. */
  apply(): void;
}
