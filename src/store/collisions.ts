/** What the conflict radar knows: the commit of each branch that it has looked at, and which pairs collide. Both ways of a pair are rows. */

import type { Branch, Collision, WatchedBranch } from '#src/domain/collisions.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, isNull, or } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { tasks } from '#src/store/schema.ts';
import { branchHeads, collisions, worktrees } from '#src/store/schema-host.ts';

/** Branches of a project's tasks that still have a worktree. */
export async function listWatched(db: Queryable, projectId: string): Promise<WatchedBranch[]> {
  const rows = await db
    .select({
      taskId: worktrees.taskId,
      branchName: worktrees.branchName,
      base: worktrees.base,
      head: branchHeads.head,
      paths: branchHeads.paths,
    })
    .from(worktrees)
    .innerJoin(tasks, eq(tasks.id, worktrees.taskId))
    .leftJoin(branchHeads, eq(branchHeads.taskId, worktrees.taskId))
    .where(and(eq(tasks.projectId, projectId), isNull(worktrees.deletedAt)))
    .orderBy(worktrees.taskId);
  return rows.map(({ head, paths, ...row }) => ({
    ...row,
    known: head === null ? null : { taskId: row.taskId, head, paths: paths ?? [] },
  }));
}

/** Of a project, those that were looked at and have no worktree any more. */
export async function listGone(db: Queryable, projectId: string): Promise<string[]> {
  const rows = await db
    .select({ taskId: branchHeads.taskId })
    .from(branchHeads)
    .innerJoin(tasks, eq(tasks.id, branchHeads.taskId))
    .leftJoin(worktrees, and(eq(worktrees.taskId, branchHeads.taskId), isNull(worktrees.deletedAt)))
    .where(and(eq(tasks.projectId, projectId), isNull(worktrees.taskId)));
  return rows.map(({ taskId }) => taskId);
}

/** Replaces all that is known of the branches that changed; answers the tasks that collide otherwise than before. */
export async function replaceCollisions(
  tx: Queryable,
  { changed, gone, found }: { changed: readonly Branch[]; gone: readonly string[]; found: readonly Collision[] },
): Promise<string[]> {
  const ids = [...changed.map(({ taskId }) => taskId), ...gone];
  if (ids.length === 0) return [];
  const ofThese = or(isOneOf(collisions.taskId, ids), isOneOf(collisions.otherId, ids));
  const before = await tx.delete(collisions).where(ofThese).returning();
  const both = found.flatMap(({ taskId, otherId, paths }) => [
    { taskId, otherId, paths },
    { taskId: otherId, otherId: taskId, paths },
  ]);
  if (both.length) await tx.insert(collisions).values(both).onConflictDoNothing();
  await tx.delete(branchHeads).where(isOneOf(branchHeads.taskId, ids));
  if (changed.length)
    await tx
      .insert(branchHeads)
      .values(changed.map(({ taskId, head, paths }) => ({ taskId, head, paths: [...paths] })))
      .onConflictDoNothing();
  const keyOf = (row: Collision) => `${row.taskId} ${row.otherId}`;
  const [old, now] = [new Set(before.map(keyOf)), new Set(both.map(keyOf))];
  return [
    ...before.filter((row) => !now.has(keyOf(row))).map(({ taskId }) => taskId),
    ...both.filter((row) => !old.has(keyOf(row))).map(({ taskId }) => taskId),
  ];
}

/** With whom each of these tasks collides, and where. */
export async function listCollisions(db: Queryable, taskIds: readonly string[]): Promise<Collision[]> {
  if (taskIds.length === 0) return [];
  return db
    .select()
    .from(collisions)
    .where(isOneOf(collisions.taskId, taskIds))
    .orderBy(collisions.taskId, collisions.otherId);
}
