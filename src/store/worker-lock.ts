/** One process for each worker id: a session lock that the database drops when the process dies, whatever way. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Connections } from '#src/store/connections.ts';

/** Opens the connections that hold and ask for locks. */
type Ways = Pick<Connections, 'connect'>;

const lockClass = 7002;
const patienceMs = 3_000;
const retakeMs = 500;

export type WorkerLock = { release(): Promise<void> };

/**
 * Undefined when another process holds it, after a moment's patience: the server may not have noticed a death yet. The lock
 * ends with its connection, so it is taken again when the database was away; `onLost` is called when a rival was faster.
 */
export async function takeWorkerLock(
  ways: Ways,
  workerId: string,
  onLost: () => void,
): Promise<WorkerLock | undefined> {
  const first = await take(ways, workerId);
  if (!first) return undefined;
  let client = first;
  let released = false;
  const keep = () => {
    client.once('end', async () => {
      const again = released ? undefined : await retake(ways, workerId, client.backend, () => released);
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

/** Does the work while it holds the lock of another worker, which is not there; answers false when that one holds it. */
export async function withLockOf(ways: Ways, workerId: string, work: () => Promise<void>): Promise<boolean> {
  const client = await take(ways, workerId, { waitMs: 0, name: takeoverName(workerId) });
  if (!client) return false;
  try {
    await work();
    return true;
  } finally {
    await client.end();
  }
}

const ownName = (workerId: string): string => `sentra ${workerId}`;
const takeoverName = (workerId: string): string => `sentra takeover of ${workerId}`;

/** Repeats until the database answers, and until nobody takes over what this worker had: that one gives the lock back. */
async function retake(
  ways: Ways,
  workerId: string,
  own: number,
  isOver: () => boolean,
): Promise<Connection | undefined> {
  while (!isOver()) {
    await sleep(retakeMs);
    try {
      const taken = await take(ways, workerId);
      if (taken || (await hasRival(ways, workerId, own))) return taken;
    } catch {
      // the database is still away
    }
  }
  return undefined;
}

/** Another process with the same id; the server may not have noticed yet that the connection before (`own`) is gone. */
async function hasRival(ways: Ways, workerId: string, own: number): Promise<boolean> {
  const client = await ways.connect('sentra question');
  try {
    const { rows } = await client.query(
      `select from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and classid = $1 and objid = hashtext($2)::oid and granted and application_name = $3 and pid <> $4`,
      [lockClass, workerId, ownName(workerId), own],
    );
    return rows.length > 0;
  } finally {
    await client.end();
  }
}

async function take(
  ways: Ways,
  workerId: string,
  { waitMs = patienceMs, name = ownName(workerId) } = {},
): Promise<Connection | undefined> {
  const client = await ways.connect(name);
  const deadline = Date.now() + waitMs;
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

/** Whether other processes of Sentra use this database at the moment. */
export async function isShared(ways: Ways, workerId: string): Promise<boolean> {
  const client = await ways.connect('sentra question');
  try {
    const { rows } = await client.query(
      `select count(*)::int as others from pg_stat_activity
       where datname = current_database() and application_name like 'sentra worker-%' and application_name <> $1`,
      [`sentra ${workerId}`],
    );
    return rows[0].others > 0;
  } finally {
    await client.end();
  }
}
