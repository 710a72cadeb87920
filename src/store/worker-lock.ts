/** One process for each worker id: a session lock that the database drops when the process dies, whatever way. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const lockClass = 7002;
const patienceMs = 3_000;

export type WorkerLock = { release(): Promise<void> };

/** Undefined when another process holds it, after a moment's patience: the server may not have noticed a death yet. */
export async function takeWorkerLock(url: string, workerId: string): Promise<WorkerLock | undefined> {
  const client = new pg.Client({ connectionString: url, keepAlive: true, application_name: `sentra ${workerId}` });
  client.on('error', () => {}); // the lock is lost with the connection; the database is back with no rival of ours
  await client.connect();
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { rows } = await client.query('select pg_try_advisory_lock($1, hashtext($2)) as taken', [
      lockClass,
      workerId,
    ]);
    if (rows[0].taken) return { release: () => client.end() };
    if (Date.now() > deadline) {
      await client.end();
      return undefined;
    }
    await sleep(100);
  }
}
