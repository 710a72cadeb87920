/** A worktree made ahead of a run, for people and agents that want to look before anything starts. */
import type { RouteAnswer } from '#src/domain/api/route.ts';
import type { Routes } from '#src/domain/api/routes.ts';
import type { TaskType } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import { execGit } from '#src/git/exec-git.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findActiveRun } from '#src/store/runs.ts';
import { getTaskRow } from '#src/store/tasks.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { makeWorktree, writeEnvironment } from '#src/workflows/prepare.ts';
import { isolationFor, readProjectConfig } from '#src/workflows/project-settings.ts';

/** Idempotent. Its dependencies are installed when the first run begins. */
export async function createTaskWorktree(
  parts: Parts,
  taskId: string,
  branchName?: string,
): Promise<RouteAnswer<Routes['createWorktree']>> {
  const { db } = parts.database;
  const task = await getTaskRow(db, taskId);
  if (await findActiveRun(db, taskId))
    throw new SentraError('already_running', `A run of ${taskId} is in progress and makes its own worktree.`);
  await refuseOtherBranch(parts, taskId, branchName);
  const project = await getProjectRow(db, task.projectId);
  const config = readProjectConfig(project);
  const facts = {
    taskId,
    title: task.title,
    type: task.type as TaskType,
    project: { ...project, baseBranch: config.baseBranch ?? project.baseBranch },
    config,
    confined: (await isolationFor(parts.sandbox, config)) !== 'none',
  };
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
