/** What people do with the merge queue: ask for a merge, give a conflict to an agent, see who is next. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newAdwId } from '#src/domain/ids.ts';
import { type MergeEntry, orderMerges } from '#src/domain/merge-queue.ts';
import type { Task } from '#src/domain/task.ts';
import type { Engine } from '#src/engine/engine.ts';
import { SentraError } from '#src/errors.ts';
import { mergeTrees } from '#src/git/compose-merge.ts';
import { getAllowed } from '#src/orchestrator/allowed.ts';
import { pushAgain } from '#src/orchestrator/push-again.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { addForgeReview, findLastVerdict } from '#src/store/forge-reviews.ts';
import {
  findQueueRow,
  joinMergeQueue,
  listMergeQueue,
  listMergingProjects,
  listRefusedMerges,
  releaseHeld,
} from '#src/store/merge-queue.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { approvePullRequest, getOpenPullRequest } from '#src/store/pull-requests.ts';
import { getTask, lockIdleTask } from '#src/store/tasks.ts';
import { toIso } from '#src/store/time.ts';
import type { Forges } from '#src/workflows/forges.ts';
import { rework } from '#src/workflows/merge-send-back.ts';
import { mergeJob } from '#src/workflows/run.ts';

export type Merges = {
  /** Answers once it is merged, and after a minute in any case; throws why it was refused. */
  merge(taskId: string): Promise<Task>;
  rework(taskId: string): Promise<Task>;
  push(taskId: string): Promise<Task>;
  list(projectId: string): Promise<MergeEntry[]>;
};

type MergeParts = { database: Database; changes: Changes; engine: Pick<Engine, 'enqueue'> };

const patienceMs = 60_000;
const lookMs = 100;

export function createMerges({ database, changes, engine, forges }: MergeParts & { forges: Forges }): Merges {
  const { db } = database;

  async function outcome(taskId: string): Promise<Task> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const row = await findQueueRow(db, taskId);
      if (row?.failure && row.state === 'refused') throw SentraError.from(row.failure);
      const isHeld = row?.state === 'waiting' && row.failure !== null;
      if (!row || isHeld || performance.now() > deadline) return getTask(db, taskId);
      await sleep(lookMs);
    }
  }

  return {
    async merge(taskId) {
      const task = await getAllowed(db, 'merge', taskId);
      await changes.change(async ({ tx, client, touch, record }) => {
        if (!(await lockIdleTask(tx, taskId)))
          throw new SentraError('already_running', `${taskId} cannot be merged: a run of this task is in progress.`);
        const pull = await getOpenPullRequest(tx, taskId);
        const isBlocked = (await findLastVerdict(tx, pull)) === 'changes_requested'; // by Sentra itself, at the forge
        if (!pull.approvedAt || isBlocked) await addForgeReview(tx, pull, { verdict: 'approved', comments: [] });
        if (!pull.approvedAt) await approvePullRequest(tx, pull);
        const adwId = newAdwId();
        await joinMergeQueue(tx, { taskId, projectId: task.projectId, adwId });
        await releaseHeld(tx, [taskId]); // who asks again wants it tried now
        await engine.enqueue(client, mergeJob(task.projectId, adwId));
        touch(taskId);
        record({ type: 'pull_request.changed', taskId, data: { number: pull.number, merge: 'waiting' } });
      });
      return outcome(taskId);
    },
    async rework(taskId) {
      const task = await getAllowed(db, 'rework', taskId);
      const [project, pull] = [await getProjectRow(db, task.projectId), await getOpenPullRequest(db, taskId)];
      const base = await (await forges.of(project)).tip(pull.baseBranch);
      const { paths, said } = await mergeTrees(project, pull.headCommit, base);
      const refusal = (await findQueueRow(db, taskId))?.failure?.message ?? '';
      await rework({ database, changes }, task, { base, paths, said: paths.length ? said : refusal });
      return getTask(db, taskId);
    },
    push: (taskId) => pushAgain({ database, changes, forges }, taskId),
    async list(projectId) {
      await getProjectRow(db, projectId);
      const waiting = orderMerges(await listMergeQueue(db, projectId)).map((entry, ahead) => ({
        taskId: entry.taskId,
        title: entry.title,
        state: entry.state,
        ahead,
        message: entry.held,
        requestedAt: entry.requestedAt,
      }));
      const refused = (await listRefusedMerges(db, projectId)).map(({ taskId, title, failure, requestedAt }) => ({
        taskId,
        title,
        state: 'refused' as const,
        ahead: null,
        message: failure?.message ?? null,
        requestedAt: toIso(requestedAt),
      }));
      return [...waiting, ...refused];
    },
  };
}

/** Where somebody waits and nobody is at it, as after an upgrade that ended the job: the same job once in ten minutes. */
export async function keepMerging({ database, changes, engine }: MergeParts): Promise<void> {
  for (const projectId of await listMergingProjects(database.db))
    await changes.change(({ client }) =>
      engine.enqueue(client, mergeJob(projectId, `net-${Math.floor(Date.now() / 600_000)}`)),
    );
}
