/** What the page's side of the database needs of the browser: real in browser-environment.ts, a fake in tests. */
import type { Channel } from './leader.ts';
import type { FromWorker, ToWorker, Versions } from './rpc.ts';

export interface WorkerLink {
  post(message: ToWorker, transfer?: readonly MessagePort[]): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** The script did not load or threw where nothing caught it. */
  onError(listener: (detail: string) => void): void;
  terminate(): void;
}

export type VisibilityEvent = 'shown' | 'hidden' | 'gone';

export interface PageEnvironment {
  readonly versions: Versions;
  openWorker(id: string): WorkerLink;
  openChannel(): Channel;
  /** Resolves when nobody else holds the Web Lock any more; never, when aborted. */
  lockFreed(name: string, signal: AbortSignal): Promise<void>;
  isVisible(): boolean;
  onVisibility(listener: (event: VisibilityEvent) => void): void;
  /** Calls back after so many milliseconds; gives the cancelling. */
  setTimer(milliseconds: number, work: () => void): () => void;
  newId(): string;
  createPorts(): readonly [MessagePort, MessagePort];
  /** Asks the browser to keep the data when it runs out of space. */
  askToPersist(): void;
}
