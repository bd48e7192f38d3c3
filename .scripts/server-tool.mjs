/** `npm run backup`, `npm run migrate-store`: a tool of the server's operator, from what `npm run build` built. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { inRepository } from './repository.mjs';

// The tool reads the arguments after its own name.
const [tool] = process.argv.splice(2, 1);
const built = inRepository(`dist/server/${tool}.js`);
if (existsSync(built)) {
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(built).href);
} else {
  console.error(`${built} is not there. Run "npm run build" first.`);
  process.exitCode = 1;
}
