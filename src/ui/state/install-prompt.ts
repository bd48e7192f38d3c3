/** Installing the app, where the browser lets a page offer it (Chromium family, 2026-11). */
export interface InstallPrompt {
  readonly available: boolean;
  onChange(listener: (available: boolean) => void): () => void;
  /** Shows the browser's own dialog; resolves when it is closed. */
  show(): Promise<void>;
}

/** Not in TypeScript's DOM library: no standard describes it. */
interface BeforeInstallPromptEvent extends Event {
  prompt(): Promise<unknown>;
}

export function browserInstallPrompt(target: EventTarget): InstallPrompt {
  const listeners = new Set<(available: boolean) => void>();
  let waiting: BeforeInstallPromptEvent | null = null;
  const set = (event: BeforeInstallPromptEvent | null): void => {
    waiting = event;
    for (const listener of listeners) listener(event !== null);
  };
  target.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    set(event as BeforeInstallPromptEvent);
  });
  target.addEventListener('appinstalled', () => set(null));
  return {
    get available() {
      return waiting !== null;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async show() {
      const event = waiting;
      set(null);
      await event?.prompt();
    },
  };
}
