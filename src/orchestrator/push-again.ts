/**
 * The way back for a pull request that was closed, lost its branch, or had it moved to another history: Sentra's commits are pushed again
 * and the pull request is opened again. What somebody else had put in their place is fetched into a branch here first.
 */
import { isOver } from '#src/domain/status.ts';
import type { Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import { isContained, moveBranch } from '#src/git/branch.ts';
import { fetchBranch, pushBranch } from '#src/git/push.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { getAllowed } from '#src/orchestrator/allowed.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { pollSoon } from '#src/store/forge-polls.ts';
import { reopenPullRequest, setForgeFields } from '#src/store/forge-pulls.ts';
import { getProjectRow, type ProjectRow } from '#src/store/projects.ts';
import { findPullRequest, type PullRequestRow } from '#src/store/pull-requests.ts';
import { getTask, lockIdleTask, setTaskNotice } from '#src/store/tasks.ts';
import { type Forges, reachRemote } from '#src/workflows/forges.ts';

export type PushParts = { database: Database; changes: Changes; forges: Forges };

/** Throws `push_refused` with what the remote says; then nothing was changed. */
export async function pushAgain(parts: PushParts, taskId: string): Promise<Task> {
  const { database, changes } = parts;
  await getAllowed(database.db, 'push', taskId);
  const pull = await findPullRequest(database.db, taskId);
  if (!pull) throw new SentraError('not_found', `${taskId} has no pull request yet: REVIEW opens it.`);
  const project = await getProjectRow(database.db, pull.projectId);
  const kept = project.remote ? await push(parts, { ...project, remote: project.remote }, pull) : null;
  await changes.change(async ({ tx, touch, record }) => {
    if (!(await lockIdleTask(tx, taskId)))
      throw new SentraError('already_running', `${taskId} cannot be pushed: a run of this task is in progress.`);
    if (isOver((await getTask(tx, taskId)).status))
      throw new SentraError('conflict', `${taskId} was ended at this moment.`);
    if (pull.state === 'closed') await reopenPullRequest(tx, pull);
    // The next look at the forge opens it there: two at once could open two.
    await setForgeFields(tx, pull, { forgeTold: null, forgeProblem: null, seen: null, forgeDone: false });
    await setTaskNotice(tx, taskId, kept && `What was in its place there is kept here as ${kept}.`);
    if (pull.forge !== 'local') await pollSoon(tx, pull.projectId);
    touch(taskId);
    record({ type: 'pull_request.changed', taskId, data: { number: pull.number, state: 'open' } });
  });
  return getTask(database.db, taskId);
}

/** The branch that keeps what the push replaced; null when it replaced nothing of others. */
async function push(
  { forges }: PushParts,
  project: ProjectRow & { remote: string },
  { headBranch, headCommit }: PullRequestRow,
): Promise<string | null> {
  const reach = await reachRemote({ forges }, project, project.remote);
  const theirs = await fetchBranch(project, { ...reach, branchName: headBranch });
  const isReplaced = theirs !== null && !(await isContained(project, headCommit, theirs));
  const kept = isReplaced ? `${headBranch}-there-${theirs.slice(0, 10)}` : null;
  const over = theirs ?? undefined;
  if (kept && over) await keep(project, { name: kept, from: '', to: over, line: `sentra: keep ${headBranch}` });
  const pushed = await pushBranch(project, { ...reach, branchName: headBranch, commit: headCommit, over });
  if (pushed.outcome === 'refused') throw new SentraError('push_refused', pushed.message);
  return kept;
}

/** Asked for again, the branch is there already. */
const keep = ({ gitDir }: ProjectRow, branch: Parameters<typeof moveBranch>[1]) =>
  withRepositoryLock(gitDir, () => moveBranch(gitDir, branch));
