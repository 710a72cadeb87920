/** Workers: who is there, since when, last heard of when. The database's clock alone says whose lease has run out. */

import type { Worker } from '#src/domain/worker.ts';
import type { Queryable } from '#src/store/database.ts';
import { eq, sql } from '#src/store/drizzle.ts';
import { runs } from '#src/store/schema.ts';
import { workers } from '#src/store/schema-host.ts';
import { toIso } from '#src/store/time.ts';

export type NewWorker = { id: string; host: string; pid: number; slots: number };

/** A worker begins, or begins again after it stopped or died. */
export async function registerWorker(tx: Queryable, worker: NewWorker): Promise<void> {
  const anew = { startedAt: sql`now()`, seenAt: sql`now()`, drainingAt: null, stoppedAt: null };
  await tx
    .insert(workers)
    .values(worker)
    .onConflictDoUpdate({ target: workers.id, set: { ...worker, ...anew } });
}

/** Answers whether it is asked to take nothing more; undefined when it is unknown. */
export async function renewWorker(db: Queryable, id: string): Promise<{ draining: boolean } | undefined> {
  const [row] = await db
    .update(workers)
    .set({ seenAt: sql`now()` })
    .where(eq(workers.id, id))
    .returning({ drainingAt: workers.drainingAt });
  return row && { draining: row.drainingAt !== null };
}

export async function markWorkerStopped(tx: Queryable, id: string): Promise<void> {
  await tx.update(workers).set({ stoppedAt: sql`now()` }).where(eq(workers.id, id));
}

/** False when there is no such worker. */
export async function markWorkerDraining(tx: Queryable, id: string): Promise<boolean> {
  const rows = await tx
    .update(workers)
    .set({ drainingAt: sql`coalesce(${workers.drainingAt}, now())` })
    .where(eq(workers.id, id))
    .returning({ id: workers.id });
  return rows.length === 1;
}

const running = sql<number>`(select count(*)::int from ${runs}
  where ${runs.workerId} = ${workers.id} and ${runs.status} = 'running')`;

/** Stopped ones for a day. */
export async function listWorkers(db: Queryable, lapseMs: number): Promise<Worker[]> {
  const lapsed = sql<boolean>`${workers.seenAt} < now() - ${lapseMs} * interval '1 millisecond'`;
  const rows = await db
    .select({ row: workers, lapsed, running })
    .from(workers)
    .where(sql`${workers.stoppedAt} is null or ${workers.stoppedAt} > now() - interval '1 day'`)
    .orderBy(workers.startedAt);
  return rows.map(({ row, lapsed: isLapsed, running: count }) => ({
    id: row.id,
    host: row.host,
    pid: row.pid,
    state: row.stoppedAt ? 'stopped' : isLapsed ? 'lapsed' : row.drainingAt ? 'draining' : 'alive',
    slots: row.slots,
    running: count,
    startedAt: toIso(row.startedAt),
    seenAt: toIso(row.seenAt),
  }));
}

/** Whether a worker has a run at work. One that is parked waits for nothing of this worker. */
export async function isBusy(db: Queryable, workerId: string): Promise<boolean> {
  const [row] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(runs)
    .where(
      sql`${runs.workerId} = ${workerId} and (${runs.status} = 'running' or (${runs.status} = 'queued' and ${runs.dispatchedAt} is not null))`,
    );
  return (row?.count ?? 0) > 0;
}
