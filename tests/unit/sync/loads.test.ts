/** A file that fails as it is loaded fails a test here: elsewhere it would only keep tests from being there. */
import { expect, it } from 'vitest';

const files = import.meta.glob('../../../src/{sync,schema,protocol}/**/*.ts');

it.each(Object.keys(files))('%s loads', async (file) => {
  expect(await files[file]!()).toBeDefined();
});
