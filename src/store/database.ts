/**
 * The connection to PostgreSQL: a pool, a drizzle handle, transactions, migrations. Knows how to talk to the database,
 * nothing of what is in it.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { type Connections, createConnections } from '#src/store/connections.ts';
import { databaseErrors, isUnavailable, shouldRepeat, unavailable } from '#src/store/database-error.ts';
import * as schema from '#src/store/schema.ts';

/** A drizzle handle: on the pool, or on the connection of a transaction. */
export type Queryable = NodePgDatabase<typeof schema>;
/** A handle whose statements belong to one open transaction. */
export type Transaction = Queryable;

export type Database = {
  readonly url: string;
  readonly db: Queryable;
  readonly pool: pg.Pool;
  readonly connections: Pick<Connections, 'openPool' | 'connect'>;
  /**
   * Commits what `work` did, or nothing. `work` runs again after a serialization failure or a deadlock, so it must
   * touch nothing but the transaction. Throws `database_unavailable` when the connection is lost: whether a commit that
   * was under way arrived is then unknown.
   */
  transaction<T>(work: (tx: Transaction, client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Brings the schema up to date, one process at a time; `also` runs under the same lock. */
  migrate(also?: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
};

const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url));
const migrationLock = [7001, 1];
const maxTries = 10;
/**
 * Our transactions find their rows by keys, a few of many: one plan does for all values, and a plan made while a table was small must
 * not read the whole of it when it has grown. Servers before 18 would compile what they have to read whole nevertheless, at each execution.
 */
const byKeys = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off', jit: 'off' };
const afterCommits = new WeakMap<Queryable, (() => void)[]>();

/** Calls `then` once this transaction has committed, never when it is rolled back. */
export function afterCommit(tx: Transaction, then: () => void): void {
  const waiting = afterCommits.get(tx);
  if (!waiting) throw new Error('afterCommit needs the handle of an open transaction');
  waiting.push(then);
}

export async function openDatabase(url: string, options: { maxConnections?: number } = {}): Promise<Database> {
  const max = options.maxConnections ?? 20;
  const connections = createConnections(url);
  const pool = connections.openPool(max);
  // Transactions wait for one another's locks; whoever only reads must not wait for them.
  const writers = connections.openPool(max, { prepares: true, settings: byKeys });
  const database: Database = {
    url,
    db: drizzle(pool, { schema }),
    pool,
    connections,
    transaction: (work) => transact(writers, work),
    migrate: (also) => migrate(url, also),
    close: connections.close,
  };
  try {
    await pool.query('select 1');
  } catch (cause) {
    await database.close();
    throw unavailable(cause);
  }
  return database;
}

async function transact<T>(pool: pg.Pool, work: (tx: Transaction, client: pg.PoolClient) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await transactOnce(pool, work);
    } catch (e) {
      if (isUnavailable(e)) throw unavailable(e);
      if (!shouldRepeat(e) || tries === maxTries) throw e;
      databaseErrors.repeated++;
      await sleep(Math.random() * 10 * tries); // apart, or the same two meet again
    }
  }
}

async function transactOnce<T>(
  pool: pg.Pool,
  work: (tx: Transaction, client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  const tx = drizzle(client, { schema });
  const then: (() => void)[] = [];
  afterCommits.set(tx, then);
  let result: T;
  try {
    await client.query('begin');
    result = await work(tx, client);
    await client.query('commit');
  } catch (e) {
    client.release(!(await rolledBack(client)));
    throw e;
  }
  client.release();
  for (const call of then) call();
  return result;
}

/** False when the connection is lost: it then belongs out of the pool. */
const rolledBack = (client: pg.PoolClient): Promise<boolean> =>
  client.query('rollback').then(
    () => true,
    () => false,
  );

async function migrate(url: string, also?: () => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'sentra migrations' });
  client.on('error', () => {}); // the query that was running rejects with the same error
  try {
    await client.connect();
    // Polled: a blocking lock holds a snapshot and hangs against CREATE INDEX CONCURRENTLY in the engine's migrations.
    while (!(await client.query('select pg_try_advisory_lock($1, $2) as taken', migrationLock)).rows[0].taken)
      await sleep(100);
    await applyMigrations(drizzle(client), { migrationsFolder, migrationsSchema: 'drizzle' });
    await also?.();
  } catch (e) {
    throw isUnavailable(e) ? unavailable(e) : e;
  } finally {
    await client.end().catch(() => {}); // the connection is already gone
  }
}
