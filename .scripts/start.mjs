/**
 * `npm start`: installs and builds what is missing or out of date, then serves. Needs Node alone, so it works in a fresh
 * clone. The server runs in this very process: a Ctrl-C reaches it directly, and its exit code is ours.
 */
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { inRepository } from './repository.mjs';

checkNodeVersion();
ensureInstalled();
ensureBuilt();
process.setSourceMapsEnabled(true);
await import(pathToFileURL(inRepository('dist/server/main.js')).href);
