import { eq } from 'drizzle-orm';
import type { Queryable } from '#src/store/database.ts';
import { portLeases } from '#src/store/schema.ts';

/** The first port of the task's block, if it has one. */
export async function findLease(db: Queryable, taskId: string): Promise<number | undefined> {
  const [row] = await db.select().from(portLeases).where(eq(portLeases.taskId, taskId));
  return row?.firstPort;
}

/** Takes a block; false when another task has it, or this one has another. */
export async function takeLease(db: Queryable, taskId: string, firstPort: number): Promise<boolean> {
  const rows = await db
    .insert(portLeases)
    .values({ taskId, firstPort })
    .onConflictDoNothing()
    .returning({ firstPort: portLeases.firstPort });
  return rows.length === 1;
}

export async function listTakenPorts(db: Queryable): Promise<number[]> {
  const rows = await db.select({ firstPort: portLeases.firstPort }).from(portLeases);
  return rows.map((row) => row.firstPort);
}

export async function namePorts(db: Queryable, taskId: string, names: Record<string, number>): Promise<void> {
  await db.update(portLeases).set({ names }).where(eq(portLeases.taskId, taskId));
}

export async function releaseLease(db: Queryable, taskId: string): Promise<void> {
  await db.delete(portLeases).where(eq(portLeases.taskId, taskId));
}

export async function listLeasingTasks(db: Queryable): Promise<string[]> {
  const rows = await db.select({ taskId: portLeases.taskId }).from(portLeases);
  return rows.map((row) => row.taskId);
}
