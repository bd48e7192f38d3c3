/** Part 2's ceiling: a page that does nothing but show the first rows that its worker reads. */
const worker = new Worker(new URL('./plain-worker.ts', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }: MessageEvent<readonly (readonly unknown[])[]>) => {
  const list = document.querySelector('ul')!;
  for (const [, , word, translation] of data) {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.className = 'word';
    link.textContent = `${String(word)} ${String(translation)}`;
    item.append(link);
    list.append(item);
  }
};
// The very query of the app comes with the address.
worker.postMessage(decodeURIComponent(location.hash.slice(1)));
