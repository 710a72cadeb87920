/** The acts of the clean-up on what tasks have: each makes sure by itself that no run begins meanwhile. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { isOver } from '#src/domain/status.ts';
import type { TaskStatus } from '#src/domain/task.ts';
import { inTurn } from '#src/git/repository-lock.ts';
import { endLeftovers } from '#src/sandbox/leftovers.ts';
import type { Queryable } from '#src/store/database.ts';
import { releaseLease } from '#src/store/port-leases.ts';
import type { ProjectRow } from '#src/store/projects.ts';
import { listRunsOf } from '#src/store/runs.ts';
import { getStatuses, lockIdleTask } from '#src/store/tasks.ts';
import { findWorktree, setWorktreeState, type WorktreeFacts } from '#src/store/worktrees.ts';
import { type OnDisk, removeTaskWorktree, saveAndRemove, stopRun } from '#src/workflows/clean-up.ts';
import type { Parts } from '#src/workflows/parts.ts';

/** A worktree that should be gone; the agent of a run that was just cancelled ends first. */
export async function removeLeft(parts: Parts, taskId: string, status: TaskStatus): Promise<void> {
  for (const { run } of await listRunsOf(parts.database.db, [taskId])) await stopRun(parts, run.adwId);
  await removeTaskWorktree(parts, { taskId, statuses: [status] });
}

/** The record says that the folder is still to be made, so that the next run does so. */
export async function heal(parts: Parts, { taskId, status }: WorktreeFacts): Promise<void> {
  await parts.changes.change(async ({ tx, touch, record }) => {
    if ((await lockIdleTask(tx, taskId)) !== status) return;
    if ((await findWorktree(tx, taskId))?.state !== 'ready') return;
    await setWorktreeState(tx, taskId, 'creating');
    touch(taskId);
    record({ type: 'worktree.changed', taskId, data: { state: 'creating' } });
  });
}

export const releasePorts = (parts: Parts, taskId: string): Promise<void> =>
  parts.changes.change(async ({ tx, touch }) => {
    const isKnown = (await getStatuses(tx, [taskId])).has(taskId);
    if (isKnown && !(await isDone(tx, taskId))) return;
    await releaseLease(tx, taskId);
    if (isKnown) touch(taskId);
  });

/** A worktree that no row stands for. */
export const removeLoose = (parts: Parts, project: ProjectRow, tree: OnDisk): Promise<void> =>
  whileDone(parts, tree.taskId, async () => {
    if (existsSync(tree.path)) await saveAndRemove(parts, project, tree);
  });

export const forgetHome = (parts: Parts, taskId: string): Promise<void> =>
  whileDone(parts, taskId, () =>
    rm(path.join(parts.home, 'homes', taskId), { recursive: true, force: true, maxRetries: 3 }),
  );

export const endProcesses = (parts: Parts, taskId: string): Promise<void> =>
  whileDone(parts, taskId, async () => {
    await endLeftovers(path.join(parts.home, 'homes'), (id) => id === taskId);
  });

/** Acts unless the task has something ahead of it; until the act has ended no run of the task begins. */
const whileDone = (parts: Parts, taskId: string, act: () => Promise<void>): Promise<void> =>
  inTurn(taskId, () =>
    parts.changes.change(async ({ tx }) => {
      const isKnown = (await getStatuses(tx, [taskId])).has(taskId);
      if (!isKnown || (await isDone(tx, taskId))) await act();
    }),
  );

async function isDone(tx: Queryable, taskId: string): Promise<boolean> {
  const status = await lockIdleTask(tx, taskId);
  const worktree = await findWorktree(tx, taskId);
  return status !== undefined && isOver(status) && (!worktree || worktree.deletedAt !== null);
}
