/** The page's browser, as the database needs it. */
import { v7 } from 'uuid';
import { openChannel } from './channel.ts';
import { createDatabaseWorker } from './database-worker.ts';
import { lockFreed } from './lock-freed.ts';
import type { PageEnvironment, VisibilityEvent, WorkerLink } from './page-environment.ts';
import { ownVersions, type FromWorker } from './rpc.ts';

/** `takeWorker` gives a worker that was started ahead, or null. */
export function createBrowserEnvironment(takeWorker: () => Worker | null = () => null): PageEnvironment {
  return {
    versions: ownVersions,
    openWorker: (id) => openWorker(id, takeWorker() ?? createDatabaseWorker()),
    openChannel,
    lockFreed,
    isVisible: () => document.visibilityState === 'visible',
    onVisibility,
    setTimer: (milliseconds, work) => {
      const timer = setTimeout(work, milliseconds);
      return () => clearTimeout(timer);
    },
    newId: v7,
    createPorts: () => {
      const { port1, port2 } = new MessageChannel();
      return [port1, port2];
    },
    askToPersist,
  };
}

function openWorker(id: string, worker: Worker): WorkerLink {
  const link: WorkerLink = {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    onMessage: (listener) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => listener(data);
    },
    onError: (listener) => {
      worker.onerror = (event) => listener(event.message || 'the database worker did not load');
    },
    terminate: () => worker.terminate(),
  };
  link.post({ kind: 'begin', id });
  return link;
}

/** `freeze` and `resume`: Chromium's page lifecycle. `pagehide` and `pageshow`: the back/forward cache of all browsers. */
function onVisibility(listener: (event: VisibilityEvent) => void): void {
  const look = (): void => listener(document.visibilityState === 'visible' ? 'shown' : 'hidden');
  document.addEventListener('visibilitychange', look);
  document.addEventListener('freeze', () => listener('gone'));
  document.addEventListener('resume', look);
  window.addEventListener('pagehide', () => listener('gone'));
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) look();
  });
}

/** Nothing depends on the answer: without it the browser may remove the data when the disk is full. */
function askToPersist(): void {
  void navigator.storage.persist().catch(() => false);
}
