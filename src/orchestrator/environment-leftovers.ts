/** What tasks without a worktree still hold besides files: ports whose lease ran out, databases on their project's server. */
import type { Leftover } from '#src/orchestrator/leftovers.ts';
import type { Queryable } from '#src/store/database.ts';
import { listExpiredLeases, releaseLease, renewLeases } from '#src/store/port-leases.ts';
import { getAnyProjectRow } from '#src/store/projects.ts';
import { listTaskDatabases } from '#src/store/task-databases.ts';
import { getStatuses, lockIdleTask } from '#src/store/tasks.ts';
import { findWorktree, type WorktreeFacts } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { removeTaskDatabase } from '#src/workflows/task-database.ts';

/** Renews the leases that are needed on the way. `facts`: of all worktrees that this database knows. */
export async function findInEnvironment(parts: Parts, facts: readonly WorktreeFacts[]): Promise<Leftover[]> {
  const { db } = parts.database;
  await renewLeases(db);
  const present = new Set(facts.filter((row) => !row.deletedAt).map((row) => row.taskId));
  const databases = (await listTaskDatabases(db)).filter((row) => !present.has(row.taskId));
  return [
    ...(await listExpiredLeases(db)).map(
      (taskId): Leftover => ({
        kind: 'ports',
        taskId,
        path: `ports of ${taskId}`,
        reason: 'the task has neither a worktree nor a run, and nobody used them for an hour',
        action: 'release',
        act: () => whileBare(parts, taskId, ({ tx }) => releaseLease(tx, taskId)),
      }),
    ),
    ...databases.map(
      (row): Leftover => ({
        kind: 'database',
        taskId: row.taskId,
        path: `${row.kind} ${row.name} on ${row.place}`,
        reason: 'the worktree of its task is gone',
        action: 'remove',
        act: () =>
          whileBare(parts, row.taskId, async () => {
            await removeTaskDatabase(parts, await getAnyProjectRow(db, row.projectId), row.taskId);
          }),
      }),
    ),
  ];
}

/** Acts unless the task has a run or a worktree by now; until the act has ended no run of it begins. */
const whileBare = (parts: Parts, taskId: string, act: (change: { tx: Queryable }) => Promise<void>): Promise<void> =>
  parts.changes.change(async ({ tx, touch }) => {
    const isKnown = (await getStatuses(tx, [taskId])).has(taskId);
    if (isKnown && (await lockIdleTask(tx, taskId)) === undefined) return;
    const worktree = await findWorktree(tx, taskId);
    if (worktree && !worktree.deletedAt) return;
    await act({ tx });
    if (isKnown) touch(taskId);
  });
