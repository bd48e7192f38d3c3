/**
 * Part 8: what pulled rows weigh on the wire, as they are sent and as older clients have them, by compression. Bytes do not
 * depend on how busy the machine is.
 */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { RowPage } from '../../../src/protocol/messages.ts';
import { packPages } from '../../../src/protocol/packed-pages.ts';
import type { Series } from '../figures.ts';
import type { Lab } from '../lab.ts';
import { makeWords, pagesOf } from '../rows.ts';

const target = 5_500_000;

const forms = {
  'as sent': (page: RowPage): Uint8Array => packPages([page])!,
  'as JSON': (page: RowPage): Uint8Array => Buffer.from(JSON.stringify(page)),
} as const;

const compressions = {
  'brotli 2': (bytes: Uint8Array) => brotli(bytes, 2),
  'brotli 5': (bytes: Uint8Array) => brotli(bytes, 5),
  'gzip 1': (bytes: Uint8Array) => gzipSync(bytes, { level: 1 }),
  'gzip 6': (bytes: Uint8Array) => gzipSync(bytes, { level: 6 }),
} as const;

export function measurePageForms(lab: Lab): Promise<Series[]> {
  const rows = lab.quick ? 10_000 : 100_000;
  const pages = pagesOf(makeWords(rows, 2));
  const all: Series[] = [];
  for (const [form, shape] of Object.entries(forms)) {
    const bodies = pages.map(shape);
    for (const [compression, compress] of Object.entries(compressions)) {
      const bytes = bodies.reduce((sum, body) => sum + compress(body).length, 0);
      const isSent = form === 'as sent' && compression === 'brotli 2' && !lab.quick;
      const name = `${rows.toLocaleString('en')} words ${form}, ${compression}`;
      all.push({ name, unit: 'bytes', samples: [bytes], ...(isSent ? { target } : {}) });
    }
  }
  return Promise.resolve(all);
}

function brotli(bytes: Uint8Array, quality: number): Buffer {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
}
