/** Which databases and schemas on projects' own servers are ours. Never credentials. */

import type { Queryable } from '#src/store/database.ts';
import { eq, sql } from '#src/store/drizzle.ts';
import { taskDatabases } from '#src/store/schema-host.ts';

export type TaskDatabaseRow = typeof taskDatabases.$inferSelect & { kind: 'database' | 'schema' };

export async function findTaskDatabase(db: Queryable, taskId: string): Promise<TaskDatabaseRow | undefined> {
  const [row] = await db.select().from(taskDatabases).where(eq(taskDatabases.taskId, taskId));
  return row as TaskDatabaseRow | undefined;
}

/** Says what is about to be made, before it is: whatever has this name later, Sentra made it. */
export async function planTaskDatabase(
  db: Queryable,
  row: Pick<TaskDatabaseRow, 'taskId' | 'projectId' | 'kind' | 'name' | 'place' | 'tree'>,
): Promise<void> {
  await db.insert(taskDatabases).values(row);
}

export async function markTaskDatabaseReady(db: Queryable, taskId: string): Promise<void> {
  await db.update(taskDatabases).set({ readyAt: sql`now()` }).where(eq(taskDatabases.taskId, taskId));
}

/** Once it is gone. */
export async function forgetTaskDatabase(db: Queryable, taskId: string): Promise<void> {
  await db.delete(taskDatabases).where(eq(taskDatabases.taskId, taskId));
}

export const listTaskDatabases = async (db: Queryable): Promise<TaskDatabaseRow[]> =>
  (await db.select().from(taskDatabases).orderBy(taskDatabases.createdAt)) as TaskDatabaseRow[];
