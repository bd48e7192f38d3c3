import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { webManifest } from '../../../src/ui/web-manifest.ts';
import { matchRoute } from '../../../src/ui/state/routes.ts';

const publicFile = (path: string) => readFileSync(new URL(`../../../public${path}`, import.meta.url));

describe('the web manifest', () => {
  it.each([...webManifest.icons, ...webManifest.screenshots].map((image) => [image.src, image] as const))(
    '%s exists, of the size it says, and small',
    (src, image) => {
      const file = publicFile(src);
      expect(file.length).toBeLessThan(80_000);
      if (image.sizes !== 'any') expect(sizeOf(file)).toBe(image.sizes);
    },
  );

  it('has what a browser asks for before it offers to install', () => {
    expect(webManifest).toMatchObject({ id: '/', start_url: '/', scope: '/', display: 'standalone' });
    for (const sizes of ['192x192', '512x512']) {
      for (const purpose of ['any', 'maskable']) {
        expect(webManifest.icons.some((icon) => icon.sizes === sizes && icon.purpose === purpose)).toBe(true);
      }
    }
    const forms = webManifest.screenshots.map((screenshot) => screenshot.form_factor);
    expect(new Set(forms)).toEqual(new Set(['narrow', 'wide']));
  });

  it('has shortcuts that lead to screens', () => {
    const screens = webManifest.shortcuts.map(({ url }) => matchRoute(url).name);
    expect(screens).toEqual(['review', 'word-add', 'talk']);
  });
});

/** Width × height from the header of a PNG or an extended WebP. */
function sizeOf(file: Buffer): string {
  if (file.subarray(1, 4).toString() === 'PNG') return `${file.readUInt32BE(16)}x${file.readUInt32BE(20)}`;
  expect(file.subarray(12, 16).toString()).toBe('VP8X');
  return `${file.readUIntLE(24, 3) + 1}x${file.readUIntLE(27, 3) + 1}`;
}
