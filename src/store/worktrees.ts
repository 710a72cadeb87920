import type { Isolation, TaskStatus } from '#src/domain/task.ts';
import type { Queryable } from '#src/store/database.ts';
import { eq, isNull, sql } from '#src/store/drizzle.ts';
import { tasks } from '#src/store/schema.ts';
import { worktrees } from '#src/store/schema-host.ts';

export type WorktreeRow = typeof worktrees.$inferSelect;

/** Says what worktree a task is about to get, before it is made; one that was removed is taken up anew. */
export async function planWorktree(
  tx: Queryable,
  row: Pick<WorktreeRow, 'taskId' | 'path' | 'branchName' | 'base' | 'isolation'>,
): Promise<void> {
  const planned = { ...row, state: 'creating', adminDir: null, readyAt: null, deletedAt: null, copied: [] };
  const set = { ...planned, createdAt: sql`now()` };
  await tx.insert(worktrees).values(planned).onConflictDoUpdate({ target: worktrees.taskId, set });
}

export async function setWorktreeState(
  tx: Queryable,
  taskId: string,
  state: 'creating' | 'ready' | 'removing' | 'removed' | 'failed',
  adminDir?: string,
): Promise<void> {
  await tx
    .update(worktrees)
    .set({
      state,
      ...(adminDir ? { adminDir } : {}),
      ...(state === 'ready' ? { readyAt: sql`now()` } : {}),
      ...(state === 'removed' ? { deletedAt: sql`now()` } : {}),
    })
    .where(eq(worktrees.taskId, taskId));
}

/** Says which administration folder is the worktree's, whatever its state. */
export async function setAdminDir(tx: Queryable, taskId: string, adminDir: string): Promise<void> {
  await tx.update(worktrees).set({ adminDir }).where(eq(worktrees.taskId, taskId));
}

export async function setIsolation(tx: Queryable, taskId: string, isolation: Isolation): Promise<void> {
  await tx.update(worktrees).set({ isolation }).where(eq(worktrees.taskId, taskId));
}

/** The commit that its branch stands on by now. */
export async function setWorktreeBase(tx: Queryable, taskId: string, base: string): Promise<void> {
  await tx.update(worktrees).set({ base }).where(eq(worktrees.taskId, taskId));
}

/** Adds to the files that were copied in; answers all of them. */
export async function addCopied(db: Queryable, taskId: string, copied: readonly string[]): Promise<string[]> {
  const row = await findWorktree(db, taskId);
  const all = [...new Set([...(row?.copied ?? []), ...copied])];
  await db.update(worktrees).set({ copied: all }).where(eq(worktrees.taskId, taskId));
  return all;
}

export async function findWorktree(db: Queryable, taskId: string): Promise<WorktreeRow | undefined> {
  const [row] = await db.select().from(worktrees).where(eq(worktrees.taskId, taskId));
  return row;
}

/** Those that are, or should be, on disk. */
export const listWorktreeRows = (db: Queryable): Promise<WorktreeRow[]> =>
  db.select().from(worktrees).where(isNull(worktrees.deletedAt)).orderBy(worktrees.createdAt);

export type WorktreeFacts = WorktreeRow & {
  projectId: string;
  status: TaskStatus;
  /** False when somebody asked for this worktree after the task had ended, to look at or to bring work back. */
  madeBeforeEnd: boolean;
};

/** Those that are gone as well. */
export async function listWorktreeFacts(db: Queryable): Promise<WorktreeFacts[]> {
  const ended = sql`greatest(${tasks.completedAt}, ${tasks.cancelledAt}, ${tasks.skippedAt}, ${tasks.endedWithoutChangesAt})`;
  const rows = await db
    .select({
      worktree: worktrees,
      projectId: tasks.projectId,
      status: tasks.status,
      madeBeforeEnd: sql<boolean>`coalesce(${worktrees.createdAt} <= ${ended}, true)`,
    })
    .from(worktrees)
    .innerJoin(tasks, eq(tasks.id, worktrees.taskId))
    .orderBy(worktrees.createdAt);
  return rows.map(({ worktree, status, ...facts }) => ({ ...worktree, ...facts, status: status as TaskStatus }));
}
