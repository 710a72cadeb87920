/** One process for each worker id: a session lock that the database drops when the process dies, whatever way. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const lockClass = 7002;
const patienceMs = 3_000;
const retakeMs = 500;

export type WorkerLock = { release(): Promise<void> };

/**
 * Undefined when another process holds it, after a moment's patience: the server may not have noticed a death yet. The lock
 * ends with its connection, so it is taken again when the database was away; `onLost` is called when a rival was faster.
 */
export async function takeWorkerLock(
  url: string,
  workerId: string,
  onLost: () => void,
): Promise<WorkerLock | undefined> {
  const first = await take(url, workerId);
  if (!first) return undefined;
  let client = first;
  let released = false;
  const keep = () => {
    client.once('end', async () => {
      const again = released ? undefined : await retake(url, workerId, () => released);
      if (released) return void again?.end();
      if (!again) return onLost();
      client = again;
      keep();
    });
  };
  keep();
  return {
    release: async () => {
      released = true;
      await client.end();
    },
  };
}

/** Repeats until the database answers. */
async function retake(url: string, workerId: string, isOver: () => boolean): Promise<pg.Client | undefined> {
  while (!isOver()) {
    await sleep(retakeMs);
    try {
      return await take(url, workerId);
    } catch {
      // the database is still away
    }
  }
  return undefined;
}

async function take(url: string, workerId: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: url, keepAlive: true, application_name: `sentra ${workerId}` });
  client.on('error', () => {}); // 'end' follows
  await client.connect();
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { rows } = await client.query('select pg_try_advisory_lock($1, hashtext($2)) as taken', [
      lockClass,
      workerId,
    ]);
    if (rows[0].taken) return client;
    if (Date.now() > deadline) {
      await client.end();
      return undefined;
    }
    await sleep(100);
  }
}
