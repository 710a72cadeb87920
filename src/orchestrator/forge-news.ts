/**
 * What happened to a pull request at its forge becomes what would have happened had people done it here: merged, closed, opened
 * again, commits pushed to its branch. Words and checks: forge-words.ts. Nothing of ours is lost by it, and each is told with who did it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { SeenPull } from '#src/domain/forge.ts';
import { newAdwId } from '#src/domain/ids.ts';
import { isOver } from '#src/domain/status.ts';
import type { Failure } from '#src/errors.ts';
import type { Forge } from '#src/forge/forge.ts';
import { isContained } from '#src/git/branch.ts';
import { advanceBase } from '#src/git/merge.ts';
import { fetchBranch } from '#src/git/push.ts';
import { takeWords } from '#src/orchestrator/forge-words.ts';
import type { Change } from '#src/store/change.ts';
import { adoptHeadCommit, reopenPullRequest, setForgeFields } from '#src/store/forge-pulls.ts';
import { findQueueRow, releaseHeld, removeFromMergeQueue } from '#src/store/merge-queue.ts';
import { failOpenAttempts } from '#src/store/phases.ts';
import type { ProjectRow } from '#src/store/projects.ts';
import { closePullRequest, findPullRequest, type PullRequestRow } from '#src/store/pull-requests.ts';
import { findActiveRun, setRunStatus } from '#src/store/runs.ts';
import { getTask, lockIdleTask, setTaskNotice } from '#src/store/tasks.ts';
import { tellProblem } from '#src/workflows/forge-mirror.ts';
import { reachRemote } from '#src/workflows/forges.ts';
import { recordMerged } from '#src/workflows/merge-land.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { mergeJob } from '#src/workflows/run.ts';

export type NewsParts = Pick<Parts, 'database' | 'changes' | 'engine' | 'forges' | 'redactor'>;
export type News = { project: ProjectRow; forge: Forge; pull: PullRequestRow; seen: SeenPull };

export async function takeNews(parts: NewsParts, news: News): Promise<void> {
  const { pull, seen } = news;
  if (pull.state === 'merged') return finishThere(parts, news);
  if (seen.state === 'merged') return takeMerge(parts, news);
  if (seen.state === 'closed') return pull.state === 'open' ? takeClosing(parts, news) : undefined;
  if (pull.state === 'closed') return takeReopening(parts, news);
  await keepSeen(parts, news);
  if (await findActiveRun(parts.database.db, pull.taskId)) return; // its own pushes are on the way
  if (seen.head === pull.headCommit) return takeWords(parts, news);
  return takeCommits(parts, news);
}

async function keepSeen(parts: NewsParts, { pull, seen }: News): Promise<void> {
  if (isDeepStrictEqual(pull.seen, seen)) return; // the database keeps keys in an order of its own
  await parts.changes.change(async ({ tx, client, touch, record }) => {
    await setForgeFields(tx, pull, { seen });
    await resumeMerge(parts, { tx, client }, pull);
    touch(pull.taskId);
    record({ type: 'pull_request.changed', taskId: pull.taskId, data: { mergeable: seen.mergeable } });
  });
}

/** What held it in the merge queue may be over. */
async function resumeMerge(
  { engine }: NewsParts,
  { tx, client }: Pick<Change, 'tx' | 'client'>,
  { taskId, projectId }: PullRequestRow,
): Promise<void> {
  if (await releaseHeld(tx, [taskId])) await engine.enqueue(client, mergeJob(projectId, newAdwId()));
}

/** Merged here, and known there: nothing of it is needed on the remote any more. */
async function finishThere({ changes }: NewsParts, { forge, pull, seen }: News): Promise<void> {
  if (seen.state === 'open') return;
  await forge.deleteBranch(pull.headBranch, pull.headCommit); // one that a rule keeps may stay
  await changes.change(({ tx }) => setForgeFields(tx, pull, { seen, forgeDone: true, forgeProblem: null }));
}

async function takeMerge(parts: NewsParts, { project, forge, pull, seen }: News): Promise<void> {
  const { db } = parts.database;
  const { taskId } = pull;
  if ((await findQueueRow(db, taskId))?.state === 'merging') return; // by the queue, which tells it
  const commit = seen.mergeCommit ?? seen.head;
  const tip = await forge.tip(pull.baseBranch);
  if (!(await isContained(project, tip, commit)))
    return tellProblem(
      parts,
      pull,
      `It is merged there as ${commit.slice(0, 10)}, which ${pull.baseBranch} does not contain.`,
    );
  await endRun(parts, taskId, { code: 'cancelled', message: `Its pull request was merged by ${who(seen)} meanwhile.` });
  await parts.changes.change(({ tx }) => removeFromMergeQueue(tx, [taskId]));
  const note = `Merged by ${who(seen)} as ${commit.slice(0, 10)}: Sentra did not test that commit.`;
  await recordMerged(parts, project.id, { taskId, adwId: newAdwId(), commit, note });
}

const who = ({ endedBy }: SeenPull): string => (endedBy ? `${endedBy} at the forge` : 'somebody at the forge');

/** What a run would still do is of no use to anybody. */
async function endRun(parts: NewsParts, taskId: string, failure: Failure): Promise<void> {
  const run = await findActiveRun(parts.database.db, taskId);
  if (!run) return;
  await parts.changes.change(async ({ tx, touch }) => {
    if (await setRunStatus(tx, run.adwId, 'cancelled', failure)) await failOpenAttempts(tx, run.adwId, failure);
    touch(taskId);
  });
  await parts.engine.cancel(run.adwId);
}

async function takeClosing(parts: NewsParts, { pull, seen }: News): Promise<void> {
  const { taskId } = pull;
  if ((await findQueueRow(parts.database.db, taskId))?.state === 'merging') return;
  const text = `Pull request #${pull.forgeNumber} was closed at the forge. The work is kept in ${pull.headBranch} here: push it again ("npx sentra task push ${taskId}") to have it open there, start the task again, or skip it.`;
  await parts.changes.change(async ({ tx, touch, record }) => {
    if ((await findPullRequest(tx, taskId))?.forgeTold === null) return; // pushed again at this moment
    await closePullRequest(tx, pull);
    await setForgeFields(tx, pull, { seen, forgeProblem: text });
    await setTaskNotice(tx, taskId, text);
    touch(taskId);
    record({ type: 'pull_request.changed', taskId, data: { number: pull.forgeNumber, state: 'closed' } });
  });
}

async function takeReopening(parts: NewsParts, { forge, pull, seen }: News): Promise<void> {
  const { db } = parts.database;
  const { taskId } = pull;
  const newest = await findPullRequest(db, taskId);
  const isNewest = newest?.number === pull.number;
  const isWanted = isNewest && pull.seen?.state === 'closed' && !isOver((await getTask(db, taskId)).status);
  if (!isWanted) {
    const isTaken = !isNewest && newest?.forgeNumber === pull.forgeNumber; // by a later run, which found it open
    if (!isTaken) await forge.close(pull.forgeNumber ?? 0, 'Closed in Sentra.');
    const set = { seen: { ...seen, state: 'closed' as const }, forgeDone: isTaken };
    return parts.changes.change(({ tx }) => setForgeFields(tx, pull, set));
  }
  await parts.changes.change(async ({ tx, touch, record }) => {
    if (!(await lockIdleTask(tx, taskId))) return;
    await reopenPullRequest(tx, pull);
    await setForgeFields(tx, pull, { seen, forgeProblem: null });
    await setTaskNotice(tx, taskId, null);
    touch(taskId);
    record({ type: 'pull_request.changed', taskId, data: { number: pull.forgeNumber, state: 'open' } });
  });
}

/** Somebody pushed: what stands on ours is taken over, everything else is told and left where it is. */
async function takeCommits(parts: NewsParts, { project, forge, pull, seen }: News): Promise<void> {
  const { headBranch, headCommit, taskId } = pull;
  const there = seen.head.slice(0, 10);
  const adopted = (await forge.isAhead(headBranch, headCommit)) && (await bringHere(parts, project, pull));
  if (adopted !== seen.head)
    return tellProblem(
      parts,
      pull,
      `${headBranch} was moved to ${there} at the forge, which does not stand on Sentra's ${headCommit.slice(0, 10)}. Nothing is lost: Sentra's commits are in ${headBranch} here. Push them there again ("npx sentra task push ${taskId}") to go on with them, or close the pull request and merge yours.`,
    );
  await parts.changes.change(async ({ tx, client, touch, record }) => {
    if (!(await lockIdleTask(tx, taskId))) return;
    await adoptHeadCommit(tx, pull, seen.head);
    await resumeMerge(parts, { tx, client }, pull);
    await setTaskNotice(tx, taskId, `Commits up to ${there}, which somebody pushed to ${headBranch}, were taken over.`);
    touch(taskId);
    record({ type: 'pull_request.changed', taskId, data: { number: pull.forgeNumber, head: seen.head } });
  });
}

/** The branch here follows, with the files of the worktree. The commit that it is on then; null where it could not. */
async function bringHere(parts: NewsParts, project: ProjectRow, pull: PullRequestRow): Promise<string | null> {
  const { headBranch, headCommit: from } = pull;
  const reach = await reachRemote(parts, project, project.remote ?? 'origin');
  const to = await fetchBranch(project, { ...reach, branchName: headBranch });
  if (!to || !(await isContained(project, to, from))) return null;
  const advanced = await advanceBase(project, {
    baseBranch: headBranch,
    from,
    to,
    what: `take over ${to.slice(0, 10)}`,
  });
  return advanced.outcome === 'moved' ? to : null;
}
