/**
 * Text that was typed but not sent yet, kept over a reload or a crash. The browser's local store is enough and is at
 * hand at once; where it is refused (blocked cookies), a draft only lives as long as the screen.
 */
export interface Draft {
  read(): string;
  write(text: string): void;
}

export function draftOf(key: string): Draft {
  const name = `lorikeet-draft-${key}`;
  return {
    read: () => attempt(() => localStorage.getItem(name) ?? '') ?? '',
    write: (text) => {
      attempt(() => (text === '' ? localStorage.removeItem(name) : localStorage.setItem(name, text)));
    },
  };
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
