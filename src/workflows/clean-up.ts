/** After a merge or a cancel: worktree, branch, ports and private home go; what was not merged is saved as a patch first. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskStatus } from '#src/domain/task.ts';
import { step } from '#src/engine/step.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { isMissing, type Repository } from '#src/git/repository.ts';
import { inTurn } from '#src/git/repository-lock.ts';
import { saveWork } from '#src/git/save-work.ts';
import { removeWorktree } from '#src/git/worktree.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import type { Queryable } from '#src/store/database.ts';
import { releaseLease } from '#src/store/port-leases.ts';
import { getAnyProjectRow, type ProjectRow } from '#src/store/projects.ts';
import { findPullRequest, type PullRequestRow } from '#src/store/pull-requests.ts';
import { findRunRow } from '#src/store/runs.ts';
import { getTaskRow, lockIdleTask } from '#src/store/tasks.ts';
import { findWorktree, setWorktreeState } from '#src/store/worktrees.ts';
import { carryOut } from '#src/workflows/carried.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { settleClaim } from '#src/workflows/pool.ts';
import { savedPatchPath } from '#src/workflows/saved.ts';
import { removeTaskDatabase } from '#src/workflows/task-database.ts';

const patienceMs = 30_000;

export const cleanUp =
  (parts: Parts) =>
  async ({ taskId, adwId }: { taskId: string; adwId: string }): Promise<void> => {
    await step('wait for the run to stop', () => stopRun(parts, adwId));
    await step('remove', () => removeTaskWorktree(parts, { taskId, adwId }));
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

/** Where a forge has the pull request, its branch stays until that knows of the merge (orchestrator/forge-news.ts). */
async function removeRemoteBranch(
  parts: Parts,
  project: ProjectRow,
  merged: PullRequestRow,
  log: Logger,
): Promise<void> {
  if (merged.forge !== 'local' || !project.remote) return;
  const { headBranch, headCommit } = merged;
  const stays = await parts.forges
    .of(project)
    .then((forge) => forge.deleteBranch(headBranch, headCommit))
    .catch((e) => messageOf(e)); // what is left there costs nothing
  if (stays) await log.warn(`${headBranch} stays on ${project.remote}: ${stays}`, { kind: 'step' });
}

/** A crash may have come between the decision to cancel and the signal. */
export async function stopRun(parts: Parts, adwId: string): Promise<void> {
  if ((await findRunRow(parts.database.db, adwId))?.status === 'cancelled') await parts.engine.cancel(adwId);
  await waitUntilReleased(parts.database.db, adwId);
}

/** Resolves when nothing of a run is at work any more, on whatever worker: one that died is released by who comes after it. */
export async function waitUntilReleased(db: Queryable, adwId: string): Promise<void> {
  for (;;) {
    const run = await findRunRow(db, adwId);
    if (!run || run.epoch === 0 || run.releasedAt) return;
    await sleep(50);
  }
}

export type Removal = { removed: boolean /** The patch with what was not merged. */; saved: string | null };

/**
 * Takes away all that a task has on this host: worktree, branch, ports, private home; what is not merged is saved as a patch
 * first. Does nothing while a run of the task is at work or waits, or when its status is not one of `statuses`.
 */
export function removeTaskWorktree(
  parts: Parts,
  { taskId, adwId = null, statuses }: { taskId: string; adwId?: string | null; statuses?: readonly TaskStatus[] },
): Promise<Removal> {
  return inTurn(taskId, async () => {
    const { db } = parts.database;
    const project = await getAnyProjectRow(db, (await getTaskRow(db, taskId)).projectId);
    const log = parts.logs.logger({ taskId, adwId, phase: null });
    if (!(await claim(parts, taskId, statuses))) return { removed: false, saved: null };
    if (!isMissing(project)) await settleClaim(parts, project, taskId);
    await parts.devServers.forget(taskId); // they write where the work is saved from
    const worktree = await findWorktree(db, taskId);
    const { path: folder, adminDir, branchName } = worktree ?? {};
    let saved: string | null = null;
    if (folder && branchName && !worktree?.deletedAt && !isMissing(project)) {
      const merged = await findPullRequest(db, taskId);
      const base = merged?.state === 'merged' ? { base: merged.headCommit } : {}; // squashed, it is in no history
      const onDisk = { taskId, path: folder, adminDir: adminDir ?? null, branchName, ...base };
      if (merged?.state === 'merged') {
        await carryOut(parts, { taskId, project }, log);
        await removeRemoteBranch(parts, project, merged, log);
      }
      saved = await saveAndRemove(parts, project, onDisk);
      if (saved) await log.info(`What was not merged is saved in ${saved}`, { kind: 'step' });
      await log.info(`Worktree ${folder} removed`, { kind: 'step' });
    }
    await releaseLease(db, taskId);
    await dropDatabase(parts, project, taskId, log);
    await rm(path.join(parts.home, 'homes', taskId), { recursive: true, force: true, maxRetries: 3 });
    await parts.changes.change(async ({ tx, touch, record }) => {
      await setWorktreeState(tx, taskId, 'removed');
      touch(taskId);
      record({ type: 'worktree.changed', taskId, data: { state: 'removed' } });
    });
    return { removed: true, saved };
  });
}

/** One that cannot be dropped now, as when its server is away, is tried again by the regular clean-up. */
async function dropDatabase(
  parts: Parts,
  project: { path: string; gitDir: string },
  taskId: string,
  log: Logger,
): Promise<void> {
  try {
    const dropped = await removeTaskDatabase(parts, project, taskId);
    if (dropped) await log.info(`The ${dropped.kind} ${dropped.name} is dropped`, { kind: 'step' });
  } catch (e) {
    if (!(e instanceof SentraError)) throw e;
    await log.warn(`${e.message} The clean-up tries again every few minutes.`, { kind: 'step', error: e.code });
  }
}

/** From here on no run takes the worktree: the start of one would see that it is being removed. */
const claim = (parts: Parts, taskId: string, statuses?: readonly TaskStatus[]): Promise<boolean> =>
  parts.changes.change(async ({ tx }) => {
    const status = await lockIdleTask(tx, taskId);
    if (!status || (statuses && !statuses.includes(status))) return false;
    const worktree = await findWorktree(tx, taskId);
    if (worktree && !worktree.deletedAt) await setWorktreeState(tx, taskId, 'removing');
    return true;
  });

export type OnDisk = {
  taskId: string;
  path: string;
  adminDir: string | null;
  branchName: string | null /** Where its work is; the base branch unless said otherwise. */;
  base?: string;
};

/** Of a worktree that no run uses. Answers where the work was saved, null when all of it is merged. */
export async function saveAndRemove(
  parts: Pick<Parts, 'home'>,
  project: Repository & { baseBranch: string },
  { taskId, path: folder, adminDir, branchName, base = `refs/heads/${project.baseBranch}` }: OnDisk,
): Promise<string | null> {
  const file = savedPatchPath(parts.home, taskId);
  const saved = await saveWork(project, {
    path: folder,
    ...(adminDir ? { adminDir } : {}),
    branchName: branchName ?? '',
    base,
    file,
  });
  const branch = branchName ? { branchName, deleteBranch: true } : { deleteBranch: false };
  const empty = await removeWorktree(project, { path: folder, ...branch });
  await empty();
  return saved ? file : null;
}
