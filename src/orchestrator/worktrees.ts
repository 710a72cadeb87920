/** Worktrees by hand: made ahead of a run to look before anything starts, brought back with saved work, taken away. */
import path from 'node:path';
import type { RouteAnswer } from '#src/domain/api/route.ts';
import type { Routes } from '#src/domain/api/routes.ts';
import type { TaskStatus } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import { applyWork } from '#src/git/apply-work.ts';
import { execGit } from '#src/git/exec-git.ts';
import { inTurn } from '#src/git/repository-lock.ts';
import { worktreeState } from '#src/git/worktree.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findActiveRun, listRunsOf } from '#src/store/runs.ts';
import { getTaskRow } from '#src/store/tasks.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import { removeTaskWorktree, waitUntilReleased } from '#src/workflows/clean-up.ts';
import { writeEnvironment } from '#src/workflows/environment.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { makeWorktree } from '#src/workflows/prepare.ts';
import { readSetupFacts } from '#src/workflows/room.ts';
import { listSaved } from '#src/workflows/saved.ts';

type CreatedWorktree = RouteAnswer<Routes['createWorktree']>;

/** Idempotent. Its dependencies are installed when the first run begins. */
export const createTaskWorktree = (parts: Parts, taskId: string, branchName?: string): Promise<CreatedWorktree> =>
  inTurn(taskId, async () => {
    await refuseWhileActive(parts, taskId, 'makes its own worktree');
    await refuseOtherBranch(parts, taskId, branchName);
    return makeAhead(parts, taskId, branchName);
  });

/**
 * Puts saved work, the newest or the one named, into the task's worktree as changes that are not committed; makes the worktree where
 * it is gone. Throws `conflict` when it has changes of its own, `merge_conflict` naming the files when the work does not fit.
 */
export const restoreTaskWork = (
  parts: Parts,
  taskId: string,
  name?: string,
): Promise<RouteAnswer<Routes['restoreWorktree']>> =>
  inTurn(taskId, async () => {
    await refuseWhileActive(parts, taskId, 'is at work in its worktree; cancel it or wait for its end');
    const file = await findSaved(parts, taskId, name);
    await refuseDirty(parts, taskId);
    const tree = await makeAhead(parts, taskId);
    const { adminDir } = (await findWorktree(parts.database.db, taskId)) ?? {};
    if (!adminDir) throw new SentraError('worktree_failed', `${taskId} has no worktree; try again.`);
    const applied = await applyWork({ path: tree.path, adminDir }, file);
    if (applied.outcome === 'conflict')
      throw new SentraError(
        'merge_conflict',
        `${file} does not fit into ${tree.path}${applied.paths.length ? `: ${applied.paths.join(', ')}` : ''} (${applied.said}). Nothing was changed there and the patch is kept; apply it by hand there: \`git apply --reject ${file}\`.`,
        { details: { paths: applied.paths } },
      );
    await parts.logs.logger({ taskId }).info(`Saved work is back in ${tree.path}, from ${file}`, { kind: 'step' });
    return { taskId, path: tree.path, branchName: tree.branchName, restored: file, files: applied.files };
  });

/** Takes a worktree away because somebody asked for it. */
export async function removeTaskWorktreeNow(
  parts: Parts,
  taskId: string,
): Promise<RouteAnswer<Routes['removeWorktree']>> {
  const { db } = parts.database;
  const { status } = await getTaskRow(db, taskId);
  const worktree = await findWorktree(db, taskId);
  if (!worktree || worktree.deletedAt) throw new SentraError('not_found', `${taskId} has no worktree.`);
  const refused = new SentraError(
    'not_allowed',
    `The worktree of ${taskId} is needed: the task is ${status.replace('_', ' ')}. Cancel the task, which removes it.`,
  );
  if (!removable.includes(status as TaskStatus)) throw refused;
  for (const { run } of await listRunsOf(db, [taskId])) await waitUntilReleased(db, run.adwId);
  const { removed, saved } = await removeTaskWorktree(parts, { taskId, statuses: removable });
  if (!removed) throw refused;
  return { taskId, path: worktree.path, saved };
}

const removable: readonly TaskStatus[] = ['failed', 'pending', 'cancelled', 'completed', 'skipped'];

async function refuseWhileActive(parts: Parts, taskId: string, what: string): Promise<void> {
  await getTaskRow(parts.database.db, taskId);
  if (await findActiveRun(parts.database.db, taskId))
    throw new SentraError('already_running', `A run of ${taskId} is in progress and ${what}.`);
}

async function findSaved(parts: Parts, taskId: string, name: string | undefined): Promise<string> {
  const saved = await listSaved(parts.home, taskId);
  const found =
    name === undefined ? saved[0] : saved.find(({ path: file }) => path.basename(file) === path.basename(name));
  if (found) return found.path;
  const what = name === undefined ? 'no saved work' : `no saved work ${path.basename(name)}`;
  throw new SentraError(
    'not_found',
    `There is ${what} of ${taskId}; \`npx sentra worktree list --saved\` shows what there is.`,
  );
}

async function refuseDirty(parts: Parts, taskId: string): Promise<void> {
  const { db } = parts.database;
  const worktree = await findWorktree(db, taskId);
  if (!worktree?.adminDir || worktree.deletedAt) return;
  const project = await getProjectRow(db, (await getTaskRow(db, taskId)).projectId);
  const { path: folder, adminDir, branchName } = worktree;
  const place = { path: folder, adminDir, branchName, base: `refs/heads/${project.baseBranch}` };
  if ((await worktreeState(project, place)).dirty)
    throw new SentraError(
      'conflict',
      `${folder} has changes that are not committed. Commit them there, or take the worktree away with \`npx sentra worktree remove ${taskId}\` (it saves them), then restore.`,
    );
}

async function makeAhead(parts: Parts, taskId: string, branchName?: string): Promise<CreatedWorktree> {
  const facts = await readSetupFacts(parts, taskId);
  const tree = await makeWorktree(parts, facts, parts.logs.logger({ taskId }), branchName);
  const { ports } = await writeEnvironment(parts, null, facts, tree.path);
  return { taskId, path: tree.path, branchName: tree.branchName, ports };
}

async function refuseOtherBranch(parts: Parts, taskId: string, branchName: string | undefined): Promise<void> {
  if (!branchName) return;
  const kept = await findWorktree(parts.database.db, taskId);
  if (kept && !kept.deletedAt && kept.branchName !== branchName)
    throw new SentraError('conflict', `${taskId} has a worktree on ${kept.branchName} already; leave branchName out.`);
  const { exitCode } = await execGit(['check-ref-format', '--branch', branchName], {
    cwd: '/',
    okExitCodes: [0, 1, 128],
  });
  if (exitCode !== 0 || branchName.startsWith('refs/') || branchName === '@')
    throw new SentraError('invalid', `"${branchName}" is no valid name for a branch.`);
}
