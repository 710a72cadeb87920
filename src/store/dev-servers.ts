import { asc, eq, inArray, sql } from 'drizzle-orm';
import type { DevServer, DevServerState } from '#src/domain/dev-server.ts';
import type { Queryable } from '#src/store/database.ts';
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

/** What a dead server had at work is not at work any more. */
export async function settleDevServers(db: Queryable): Promise<void> {
  const up: DevServerState[] = ['starting', 'ready', 'unhealthy'];
  await db.update(devServers).set({ state: 'stopped', url: null }).where(inArray(devServers.state, up));
}

export const toDevServer = (row: Omit<DevServerRow, 'changedAt'>): DevServer => ({
  name: row.name,
  port: row.port,
  state: row.state as DevServerState,
  url: row.url,
  requested: row.requested,
  restarts: row.restarts,
  message: row.message,
});
