/** Merging a local pull request: the merge commit, the fact that says so, the base on the remote. Resumable at each step. */
import { commitMessage } from '#src/domain/commit-message.ts';
import type { TaskType } from '#src/domain/task.ts';
import { isCancellation, step } from '#src/engine/step.ts';
import { SentraError } from '#src/errors.ts';
import { mergeCommit } from '#src/git/merge.ts';
import { pushBase } from '#src/git/push.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findPullRequest, getOpenPullRequest, markMerged, requestMerge } from '#src/store/pull-requests.ts';
import { getTaskRow, setTaskNotice } from '#src/store/tasks.ts';
import { toIso } from '#src/store/time.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { cleanUpJob, mergeJob } from '#src/workflows/run.ts';
import { listMergeable, refuseUnmerged } from '#src/workflows/stack.ts';

type Input = { taskId: string; adwId: string };

export const merge =
  (parts: Parts) =>
  async ({ taskId, adwId }: Input): Promise<{ commit: string }> => {
    try {
      const commit = await step('merge', () => mergeOnce(parts, taskId, adwId));
      await step('record', () => recordMerge(parts, taskId, adwId, commit));
      await step('push base', () => publish(parts, taskId, commit));
      await step('merge what stands on it', () => mergeAbove(parts, taskId));
      return { commit };
    } catch (e) {
      if (isCancellation(e)) throw e;
      await step('tell', () => tell(parts, taskId, adwId, e));
      throw e;
    }
  };

async function mergeOnce(parts: Parts, taskId: string, adwId: string): Promise<string> {
  const { db } = parts.database;
  const earlier = await findPullRequest(db, taskId);
  if (earlier?.state === 'merged' && earlier.mergeCommit) return earlier.mergeCommit; // asked for twice, around a crash
  const pull = await getOpenPullRequest(db, taskId);
  await refuseUnmerged(db, taskId);
  const task = await getTaskRow(db, taskId);
  const project = await getProjectRow(db, task.projectId);
  const date = await requestMerge(db, pull);
  const merged = await mergeCommit(project, {
    baseBranch: pull.baseBranch,
    head: pull.headCommit,
    message: commitMessage('merge', { subject: task.title, type: task.type as TaskType, taskId, adwId }),
    identity: parts.identity,
    date: toIso(date),
  });
  if (merged.outcome === 'conflict')
    throw new SentraError(
      'merge_conflict',
      `${pull.headBranch} conflicts with ${pull.baseBranch} in ${merged.paths.join(', ')}. Request changes so that the next round works them in, or merge by hand in ${project.path}.`,
      { details: { paths: merged.paths } },
    );
  if (merged.outcome === 'checkout_in_the_way')
    throw new SentraError('base_checkout_dirty', merged.message, { details: { paths: merged.paths } });
  await parts.logs
    .logger({ taskId, adwId, phase: null })
    .info(
      `Merged ${pull.headBranch} into ${pull.baseBranch} as ${merged.commit.slice(0, 10)}${toldOf[merged.checkout]}`,
      {
        kind: 'step',
      },
    );
  return merged.commit;
}

const toldOf = {
  updated: '; the checkout of it is up to date',
  not_checked_out: '',
  behind: '; its checkout changed at that very moment and still has the old files: run `git status` there',
};

/** The merge, the end of the task and the start of the clean-up are one fact. */
async function recordMerge(parts: Parts, taskId: string, adwId: string, commit: string): Promise<void> {
  const pull = await findPullRequest(parts.database.db, taskId);
  if (!pull || pull.state === 'merged') return;
  await parts.changes.change(async ({ tx, client, touch, record }) => {
    await markMerged(tx, pull, commit);
    await setTaskNotice(tx, taskId, null);
    await parts.engine.enqueue(client, cleanUpJob(taskId, adwId));
    touch(taskId);
    record({ type: 'pull_request.changed', taskId, data: { number: pull.number, state: 'merged', commit } });
  });
}

async function publish(parts: Parts, taskId: string, commit: string): Promise<void> {
  const pull = await findPullRequest(parts.database.db, taskId);
  const project = await getProjectRow(parts.database.db, (await getTaskRow(parts.database.db, taskId)).projectId);
  if (!pull || !project.remote) return;
  const pushed = await pushBase(project, { branchName: pull.baseBranch, commit, remote: project.remote });
  if (pushed.outcome !== 'refused') return;
  await notice(
    parts,
    taskId,
    `Merged here, but ${project.remote} refused the push of ${pull.baseBranch}: ${pushed.message}`,
  );
}

/** Those that ended their run before could not be merged until now; one that ends its run later finds this one merged. */
async function mergeAbove(parts: Parts, mergedId: string): Promise<void> {
  for (const { id, adwId } of await listMergeable(parts.database.db, mergedId))
    await parts.changes.change(({ client }) => parts.engine.enqueue(client, mergeJob(id, adwId ?? mergedId, mergedId)));
}

async function tell(parts: Parts, taskId: string, adwId: string, thrown: unknown): Promise<void> {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const level = thrown instanceof SentraError && thrown.code === 'not_allowed' ? 'warn' : 'error'; // it only waits
  await parts.logs.logger({ taskId, adwId, phase: null })[level](`Not merged: ${message}`, { kind: 'step' });
  await notice(parts, taskId, `Not merged: ${message}`);
}

async function notice(parts: Parts, taskId: string, text: string): Promise<void> {
  await parts.changes.change(async ({ tx, touch }) => {
    await setTaskNotice(tx, taskId, text);
    touch(taskId);
  });
}
