/**
 * What cannot be merged as it is: back to an agent with the merge in its worktree, where the project asks for that, else to a person.
 * A conflict has paths; without any it was red.
 */
import { isDeepStrictEqual } from 'node:util';
import { newAdwId } from '#src/domain/ids.ts';
import type { Task } from '#src/domain/task.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import { lockSeen } from '#src/store/forge-pulls.ts';
import { holdMerges, releaseHeld, removeFromMergeQueue, setMergeState } from '#src/store/merge-queue.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findPullRequest, listMergedSince, type PullRequestRow } from '#src/store/pull-requests.ts';
import { countReworks } from '#src/store/runs.ts';
import { getTask, setTaskNotice } from '#src/store/tasks.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import { beginRun } from '#src/workflows/begin-run.ts';
import type { Conflict } from '#src/workflows/merge-compose.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';
import { mergeJob } from '#src/workflows/run.ts';

export async function sendBack(parts: Parts, projectId: string, returned: Conflict): Promise<void> {
  const { db } = parts.database;
  const { taskId, adwId } = returned;
  const project = await getProjectRow(db, projectId);
  const task = await getTask(db, taskId);
  const pull = await findPullRequest(db, taskId);
  if (pull?.state !== 'open') return removeFromMergeQueue(db, [taskId]);
  const cause = causeOf(returned, { headBranch: pull.headBranch, baseBranch: pull.baseBranch, path: project.path });
  const config = readProjectConfig(project);
  if (returned.isBaseRed) return refuse(parts, taskId, adwId, baseRed(pull.baseBranch, project.path, returned.said));
  const isAuto = (task.merge ?? config.merge) === 'auto';
  const rounds = await countReworks(db, taskId);
  if (!isAuto || rounds >= config.mergeQueue.agentRounds) return refuse(parts, taskId, adwId, cause);
  await rework(parts, task, returned);
  await parts.logs
    .logger({ taskId, adwId, phase: null })
    .warn(`${cause.message.split('\n')[0]} An agent works it in, round ${rounds + 1}.`, {
      kind: 'step',
      error: cause.code,
    });
}

/** Begins the run in which an agent works the base in. */
export async function rework(
  parts: Pick<Parts, 'database' | 'changes'>,
  task: Task,
  { base, paths, said }: Pick<Conflict, 'base' | 'paths' | 'said'>,
): Promise<void> {
  const { db } = parts.database;
  const since = (await findWorktree(db, task.id))?.createdAt;
  const others = since ? await listMergedSince(db, task.projectId, since) : [];
  await parts.changes.change(async (change) => {
    await removeFromMergeQueue(change.tx, [task.id]);
    const kind = paths.length > 0 ? ('conflict' as const) : ('red' as const);
    const rework = { kind, base, paths, said: said.slice(-64_000), others };
    await beginRun(change, task, { workflowType: 'full_sdlc', fromPhase: 'CODE', rework });
  });
}

/** It leaves the turn and says why; asking for the merge again is the way back. */
export async function refuse(parts: Parts, taskId: string, adwId: string, cause: SentraError): Promise<void> {
  const failure: Failure = cause.toFailure();
  await parts.changes.change(async ({ tx, touch, record }) => {
    await setMergeState(tx, [taskId], { state: 'refused', failure });
    await setTaskNotice(tx, taskId, `Not merged: ${failure.message}`);
    touch(taskId);
    record({ type: 'pull_request.changed', taskId, data: { merge: 'refused', code: failure.code } });
  });
  const level = failure.code === 'not_allowed' ? 'warn' : 'error'; // it only waits
  await parts.logs
    .logger({ taskId, adwId, phase: null })
    [level](`Not merged: ${failure.message}`, { kind: 'step', error: failure.code });
}

/**
 * They keep their places and are left out until the forge has news: no rule of GitHub is passed by asking often. What was seen
 * there since `pulls` were read is such news, and nobody would tell it again: then they are tried again at once.
 */
export async function hold(
  parts: Pick<Parts, 'changes' | 'engine'>,
  pulls: readonly PullRequestRow[],
  failure: Failure,
): Promise<void> {
  await parts.changes.change(async ({ tx, client, touch, record }) => {
    for (const pull of pulls) {
      const { taskId, projectId } = pull;
      const hasNews = !isDeepStrictEqual(await lockSeen(tx, pull), pull.seen);
      const held = await holdMerges(tx, [taskId], failure);
      if (hasNews && (await releaseHeld(tx, [taskId])))
        await parts.engine.enqueue(client, mergeJob(projectId, newAdwId()));
      if (held.length === 0) continue;
      touch(taskId);
      record({ type: 'pull_request.changed', taskId, data: { merge: 'waiting', code: failure.code } });
    }
  });
}

const baseRed = (baseBranch: string, path: string, said: string) =>
  new SentraError(
    'tests_failing',
    `${baseBranch} is red by itself: its tests fail without this task too. Mend ${baseBranch} in ${path}, then merge again.\n${said.slice(-2_000)}`,
  );

type Where = { headBranch: string; baseBranch: string; path: string };

function causeOf({ taskId, paths, said }: Conflict, { headBranch, baseBranch, path }: Where): SentraError {
  const way = `Let an agent work it in ("npx sentra task rework ${taskId}"), or do it by hand in ${path}.`;
  if (paths.length > 0)
    return new SentraError(
      'merge_conflict',
      `${headBranch} conflicts with ${baseBranch} in ${paths.join(', ')}. ${way}`,
      {
        details: { paths },
      },
    );
  return new SentraError(
    'tests_failing',
    `${headBranch} and ${baseBranch} are red together: the tests fail on what ${baseBranch} would become. ${way}\n${said.slice(-2_000)}`,
  );
}
