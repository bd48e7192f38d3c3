/** Where the suites run: those of the pool in a dedicated worker, those of the image in a service worker. */
import type { Outcome } from '../outcome.ts';

declare global {
  interface Window {
    runInWorker?: () => Promise<Outcome[]>;
    runInServiceWorker?: () => Promise<Outcome[]>;
  }
}

window.runInWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./pool-worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Outcome[]>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });

window.runInServiceWorker = async () => {
  await navigator.serviceWorker.register('/service-worker.js', { type: 'module' });
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const outcomes = new Promise<Outcome[]>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<Outcome[]>) => resolve(data);
  });
  active?.postMessage('run', [port2]);
  return outcomes;
};
