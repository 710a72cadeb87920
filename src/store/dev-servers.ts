import type { DevServer, DevServerState } from '#src/domain/dev-server.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, eq, inArray, isNull, or, sql } from '#src/store/drizzle.ts';
import { devServers } from '#src/store/schema-host.ts';

export type DevServerRow = Omit<typeof devServers.$inferSelect, 'changedAt'>;

/** Keeps what a dev server is like now. */
export async function putDevServer(tx: Queryable, row: DevServerRow): Promise<void> {
  const set = { ...row, changedAt: sql`now()` };
  await tx
    .insert(devServers)
    .values(row)
    .onConflictDoUpdate({ target: [devServers.taskId, devServers.name], set });
}

/** Those of one task, or of all, in the order of sentra.json. */
export const listDevServerRows = (db: Queryable, taskId?: string): Promise<DevServerRow[]> =>
  db
    .select()
    .from(devServers)
    .where(taskId === undefined ? undefined : eq(devServers.taskId, taskId))
    .orderBy(asc(devServers.taskId), asc(devServers.ordinal));

export async function forgetDevServers(tx: Queryable, taskId: string): Promise<void> {
  await tx.delete(devServers).where(eq(devServers.taskId, taskId));
}

const ofWorker = (workerId: string) => or(eq(devServers.workerId, workerId), isNull(devServers.workerId));

/** Those that a worker has, or had when it died, and those of which nobody knows. */
export const listDevServersOf = (db: Queryable, workerId: string): Promise<DevServerRow[]> =>
  db.select().from(devServers).where(ofWorker(workerId)).orderBy(asc(devServers.taskId), asc(devServers.ordinal));

/** What a dead worker had at work is not at work any more. Others' are left alone. */
export async function settleDevServers(db: Queryable, workerId: string): Promise<void> {
  const isUp = inArray(devServers.state, upStates);
  await db
    .update(devServers)
    .set({ state: 'stopped', url: null })
    .where(and(isUp, ofWorker(workerId)));
}

/** Workers with dev servers at work. */
export async function listServingWorkers(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectDistinct({ id: devServers.workerId })
    .from(devServers)
    .where(inArray(devServers.state, upStates));
  return rows.flatMap(({ id }) => id ?? []);
}

const upStates: DevServerState[] = ['starting', 'ready', 'unhealthy'];

export const toDevServer = (row: Omit<DevServerRow, 'changedAt'>): DevServer => ({
  name: row.name,
  port: row.port,
  state: row.state as DevServerState,
  url: row.url,
  requested: row.requested,
  restarts: row.restarts,
  message: row.message,
});
