/** SQLite's start from code that the page compiled, or could not. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { initFrom } from '../../../../src/client/db/drivers/compiled-sqlite.ts';

const folder = dirname(createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm'));
const readWasm = (): Promise<Uint8Array<ArrayBuffer>> => readFile(join(folder, 'sqlite3.wasm'));
let asked: ReturnType<typeof vi.fn<() => Promise<Response>>>;

beforeEach(() => {
  asked = vi.fn(async () => new Response(await readWasm()));
  vi.stubGlobal('fetch', asked);
});
afterEach(() => vi.unstubAllGlobals());

it('takes what was compiled, and asks for nothing', async () => {
  const module = await WebAssembly.compile(await readWasm());
  const sqlite3 = await initFrom(Promise.resolve(module));
  expect(sqlite3.version.libVersion).toMatch(/^3\./);
  expect(asked).not.toHaveBeenCalled();
});

it('compiles by itself where the page could not', async () => {
  const sqlite3 = await initFrom(Promise.resolve(null));
  expect(sqlite3.version.libVersion).toMatch(/^3\./);
  expect(asked).toHaveBeenCalledOnce();
});

it('says why when neither can', async () => {
  asked.mockRejectedValue(new TypeError('no network'));
  await expect(initFrom(Promise.resolve(null))).rejects.toThrow('no network');
});
