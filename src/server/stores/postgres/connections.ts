/**
 * The connections to PostgreSQL: a bounded pool, statements prepared once a connection, and the port's errors. What can
 * pass (the database restarts, the network fails, there are too many connections) becomes `StoreUnavailable`; everything
 * else is a bug and stays what it is.
 */
import pg from 'pg';
import { err, ok, type Result } from '../../../base/result.ts';
import { StoreUnavailable } from '../../change-store.ts';
import { migrate } from './schema.ts';

/** Pushes that wait for the disk at the same time share one flush, so more than there are cores. */
const poolSize = 20;
/** In milliseconds. The statement's is below the client's patience, so that it hears why. */
const timeouts = { connect: 5_000, statement: 20_000, lock: 10_000, idle: 60_000 };
/** The oldest whose planner leaves out partitions for the statements here, and that is still maintained. */
const oldestServer = 14;

/** A statement with a name: each connection parses and plans it once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Rows as arrays. */
export type Cells = readonly unknown[];

export interface Session {
  run<Row extends Cells>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

export interface Connections extends Session {
  /** Everything in `work` is one transaction. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** Connects, and brings the tables up to date. The error is a sentence for the operator. */
export async function openConnections(url: string): Promise<Result<Connections, string>> {
  const client = new pg.Client(settings(url));
  // Without a listener a lost connection would end the process; whoever waits for an answer is told anyway.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const version = await client.query<{ major: number }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS major`,
    );
    const major = version.rows[0]!.major;
    if (major < oldestServer) return err(`${place(url)} is PostgreSQL ${major}; ${oldestServer} or newer is needed.`);
    const { from, to } = await migrate(client);
    if (from > to) {
      return err(
        `${place(url)} was written by a newer server (version ${from}, this one knows ${to}). Update the server.`,
      );
    }
  } catch (error) {
    return err(explain(url, error));
  } finally {
    await client.end().catch(() => undefined);
  }
  return ok(createPool(url));
}

/** How to connect. Every connection has the timeouts, so that no statement outlives the one who asks. */
export function settings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'lorikeet',
    connectionTimeoutMillis: timeouts.connect,
    statement_timeout: timeouts.statement,
    lock_timeout: timeouts.lock,
    idle_in_transaction_session_timeout: timeouts.statement,
    keepAlive: true,
    // The statements are few and each has one good plan, by an index: to plan them for every value, or to compile them, costs
    // many times what they do, and a plan that was made while a table was small would go through all of it later.
    options: '-c plan_cache_mode=force_generic_plan -c jit=off -c enable_seqscan=off',
  };
}

function createPool(url: string): Connections {
  const pool = new pg.Pool({ ...settings(url), max: poolSize, idleTimeoutMillis: timeouts.idle });
  // An idle connection was lost. The pool has dropped it and makes a new one when it is asked.
  pool.on('error', () => undefined);
  const session = (on: pg.Pool | pg.PoolClient): Session => ({
    run: async <Row extends Cells>({ name, text }: Statement, values: readonly unknown[]) => {
      try {
        return (await on.query<Row[]>({ name, text, values: values.map(asStorable), rowMode: 'array' }))
          .rows as unknown as Row[];
      } catch (error) {
        throw asUnavailable(error);
      }
    },
  });
  return {
    ...session(pool),
    async transaction(work) {
      const client = await pool.connect().catch((error: unknown) => {
        throw asUnavailable(error);
      });
      let failure: Error | undefined;
      // While it is out of the pool nobody else listens; what is asked on it fails by itself.
      const ignore = (): void => undefined;
      client.on('error', ignore);
      try {
        await client.query('BEGIN');
        const result = await work(session(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        failure = await client.query('ROLLBACK').then(
          () => undefined,
          () => new Error('The connection is of no more use.'),
        );
        throw asUnavailable(error);
      } finally {
        client.off('error', ignore);
        client.release(failure);
      }
    },
    close: () => pool.end(),
  };
}

/**
 * A text of PostgreSQL has no U+0000 and no half of a surrogate pair. They stay as escapes in JSON that is stored as text; in
 * a name they become the sign for what is none.
 */
export function asStorable<T>(value: T): T | string {
  return typeof value === 'string' ? value.replaceAll(/[\0\p{Surrogate}]/gu, '\uFFFD') : value;
}

/** Of the classes: connection, resources, operator; then what a busy or read-only database says. */
const passing = /^(08|53|57|58)|^(40001|40P01|55P03|25006)$/;
/** Of these, what the statement met: another may fare better at the same moment. */
const ofOneStatement = /^(40001|40P01|55P03)$/;
const lostConnections = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/;
/** What `pg` says without a code. */
const lostWords =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after)/;

export function asUnavailable(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreUnavailable) return error;
  const code = codeOf(error);
  if (passing.test(code) || lostConnections.test(code) || lostWords.test(error.message)) {
    return new StoreUnavailable(`PostgreSQL: ${code || 'connection lost'}`, { cause: error });
  }
  return error;
}

/** Whether an error is about what was asked, and not about the database. */
export function isOfOneStatement(error: unknown): boolean {
  if (!(error instanceof StoreUnavailable)) return true;
  return ofOneStatement.test(codeOf(error.cause));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Without the password. */
function place(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url });
  return `The database ${database ?? ''} at ${host}:${port}`;
}

function explain(url: string, error: unknown): string {
  const code = codeOf(error);
  const hint = hints.get(code);
  if (hint) return `${place(url)} ${hint} (${code}). Check DATABASE_URL.`;
  const reason = error instanceof Error && error.message !== '' ? error.message : code;
  return `${place(url)} cannot be used: ${reason}${code === '' ? '' : ` (${code})`}.`;
}

const hints: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'cannot be reached: nothing listens there'],
  ['ENOTFOUND', 'cannot be reached: there is no such host'],
  ['28P01', 'refuses the user or the password'],
  ['28000', 'refuses the user'],
  ['3D000', 'does not exist'],
  ['42501', 'does not let this user make tables'],
  ['42P07', 'holds tables of another program'],
]);
