/** The page's content security policy allows no inline script and no inline style: here it is seen that none is written. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../src/ui', import.meta.url));
const components = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.svelte'),
);
const read = (file: string): string => readFileSync(`${folder}/${file}`, 'utf8');

describe('the page', () => {
  const html = read('index.html');

  it('has no script of its own text, no style and no handler in it', () => {
    for (const [script] of html.matchAll(/<script[^>]*>/g)) expect(script).toMatch(/ src="/);
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/);
  });

  it('asks no other site for anything', () => {
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  // `{@html}` would let stored text become markup; a `style` attribute is refused by the policy, `style:` is not.
  it.each(components)('makes no markup out of text, and no style attribute, in %s', (file) => {
    expect(read(file)).not.toMatch(/\{@html|\sstyle="|innerHTML/);
  });
});
