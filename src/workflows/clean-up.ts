/** After a merge or a cancel: worktree, branch, ports and private home go; what was not merged is saved as a patch first. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { step } from '#src/engine/step.ts';
import { SentraError } from '#src/errors.ts';
import { isMissing } from '#src/git/repository.ts';
import { removeWorktree, saveWork } from '#src/git/worktree.ts';
import type { Queryable } from '#src/store/database.ts';
import { releaseLease } from '#src/store/port-leases.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findActiveRun, findRunRow } from '#src/store/runs.ts';
import { getTaskRow } from '#src/store/tasks.ts';
import { findWorktree, setWorktreeState } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { savedPatchPath } from '#src/workflows/saved.ts';

const patienceMs = 30_000;

export const cleanUp =
  (parts: Parts) =>
  async ({ taskId, adwId }: { taskId: string; adwId: string }): Promise<void> => {
    await step('wait for the run to stop', () => stopRun(parts, adwId));
    await step('remove', () => remove(parts, taskId, adwId));
  };

/** Resolves when the clean-up has let go of the worktree of a cancelled task. */
export async function waitForCleanUp(db: Queryable, taskId: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const worktree = await findWorktree(db, taskId);
    if (!worktree || worktree.deletedAt) return;
    if (Date.now() > deadline)
      throw new SentraError('conflict', `What the cancelled run of ${taskId} left is still being removed; try again.`);
    await sleep(50);
  }
}

/** A crash may have come between the decision to cancel and the signal. */
async function stopRun(parts: Parts, adwId: string): Promise<void> {
  if ((await findRunRow(parts.database.db, adwId))?.status === 'cancelled') await parts.engine.cancel(adwId);
  await parts.engine.whenIdle(adwId);
}

async function remove(parts: Parts, taskId: string, adwId: string): Promise<void> {
  const { db } = parts.database;
  if (await findActiveRun(db, taskId)) return; // started again meanwhile: the worktree is in use
  const worktree = await findWorktree(db, taskId);
  const project = await getProjectRow(db, (await getTaskRow(db, taskId)).projectId);
  const log = parts.logs.logger({ taskId, adwId, phase: null });
  if (worktree && !worktree.deletedAt && !isMissing(project)) {
    await setWorktreeState(db, taskId, 'removing');
    const file = savedPatchPath(parts.home, taskId);
    const { path: folder, adminDir, branchName } = worktree;
    const work = {
      path: folder,
      ...(adminDir ? { adminDir } : {}),
      branchName,
      base: `refs/heads/${project.baseBranch}`,
    };
    if (await saveWork(project, { ...work, file }))
      await log.info(`What was not merged is saved in ${file}`, { kind: 'step' });
    const empty = await removeWorktree(project, { path: folder, branchName, deleteBranch: true });
    await empty();
    await log.info(`Worktree ${folder} removed`, { kind: 'step' });
  }
  await releaseLease(db, taskId);
  await rm(path.join(parts.home, 'homes', taskId), { recursive: true, force: true, maxRetries: 3 });
  await parts.changes.change(async ({ tx, touch, record }) => {
    await setWorktreeState(tx, taskId, 'removed');
    touch(taskId);
    record({ type: 'worktree.changed', taskId, data: { state: 'removed' } });
  });
}
