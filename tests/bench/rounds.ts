/** Rounds in which contenders take turns on pools of their own. */
import type { Tab } from './chromium.ts';

export async function removePool(page: Tab, directory: string): Promise<void> {
  await page.evaluate(async (name) => {
    const root = await navigator.storage.getDirectory();
    // The worker that was just ended lets its files go a moment later.
    for (let tries = 0; tries < 100; tries += 1) {
      try {
        await root.removeEntry(name, { recursive: true });
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }, directory);
}

/** Each round begins with another, so that none is always the first. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
