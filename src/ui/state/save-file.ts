/** The browser saves a file where the person's downloads go. */
export function saveFile(file: Blob, { name }: { readonly name: string }): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken it over once this turn is done.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
