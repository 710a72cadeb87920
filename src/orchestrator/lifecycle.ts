/** What people and the orchestrator do with a task that exists: start, cancel, retry, skip, review. Merging: merges.ts. */
import type { ActionName } from '#src/domain/actions.ts';
import { newAdwId } from '#src/domain/ids.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import type { NewComment, PullRequest } from '#src/domain/pull-request.ts';
import type { Task } from '#src/domain/task.ts';
import { phasesOf } from '#src/domain/workflow.ts';
import type { Engine } from '#src/engine/engine.ts';
import { SentraError } from '#src/errors.ts';
import { getAllowed } from '#src/orchestrator/allowed.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { findForgeProblem } from '#src/store/forge-pulls.ts';
import { addForgeReview } from '#src/store/forge-reviews.ts';
import { findMergeEntry } from '#src/store/merge-queue.ts';
import { failOpenAttempts } from '#src/store/phases.ts';
import {
  addComments,
  approvePullRequest,
  closePullRequest,
  findPullRequest,
  getOpenPullRequest,
  listComments,
  toPullRequest,
} from '#src/store/pull-requests.ts';
import { findActiveRun, setRunStatus } from '#src/store/runs.ts';
import { decide, getTask } from '#src/store/tasks.ts';
import { type BeginOptions, beginRound, beginRun } from '#src/workflows/begin-run.ts';
import { waitForCleanUp } from '#src/workflows/clean-up.ts';
import { cleanUpJob } from '#src/workflows/run.ts';

type RetryOptions = { fromPhase?: PhaseName | undefined; skipFailed?: boolean | undefined };

export type Lifecycle = {
  /** The run's id. It begins as soon as there is a slot for it. */
  start(taskId: string, options?: BeginOptions): Promise<{ adwId: string }>;
  cancel(taskId: string): Promise<Task>;
  /** From the phase that failed, unless another is named; with `skipFailed` that one is left out. */
  retry(taskId: string, options?: RetryOptions): Promise<Task>;
  skip(taskId: string): Promise<Task>;
  approve(taskId: string): Promise<Task>;
  requestChanges(taskId: string, comments: NewComment[]): Promise<Task>;
  close(taskId: string): Promise<Task>;
  pullRequest(taskId: string): Promise<PullRequest>;
};

export function createLifecycle(parts: { database: Database; changes: Changes; engine: Engine }): Lifecycle {
  const { database, changes, engine } = parts;
  const { db } = database;

  const allowed = (action: ActionName, taskId: string) => getAllowed(db, action, taskId);

  /** As `allowed`, for a new run: what an earlier one leaves behind is gone first. */
  async function ready(action: 'start' | 'retry', taskId: string): Promise<Task> {
    const task = await allowed(action, taskId);
    if (task.status !== 'cancelled') return task;
    await waitForCleanUp(db, taskId);
    return allowed(action, taskId);
  }

  return {
    async start(taskId, options = {}) {
      const task = await ready('start', taskId);
      const { workflowType = task.workflowType, fromPhase } = options;
      if (fromPhase && !phasesOf[workflowType].includes(fromPhase))
        throw new SentraError(
          'invalid',
          `${workflowType} has no ${fromPhase}; begin in ${phasesOf[workflowType].join(', ')}.`,
        );
      return changes.change((change) => beginRun(change, task, options));
    },
    async cancel(taskId) {
      await allowed('cancel', taskId);
      const run = await changes.change(async ({ tx, client, touch }) => {
        const failure = { code: 'cancelled' as const, message: 'A person cancelled the task.' };
        await decide(tx, taskId, 'cancelledAt'); // first: its lock makes the start of a run that is under way wait, or be seen
        const run = await findActiveRun(tx, taskId);
        if (run && (await setRunStatus(tx, run.adwId, 'cancelled', failure)))
          await failOpenAttempts(tx, run.adwId, failure);
        const pull = await findPullRequest(tx, taskId);
        if (pull?.state === 'open') await closePullRequest(tx, pull);
        await engine.enqueue(client, cleanUpJob(taskId, run?.adwId ?? newAdwId()));
        touch(taskId);
        return run;
      });
      if (run) await engine.cancel(run.adwId);
      return getTask(db, taskId);
    },
    async retry(taskId, { fromPhase, skipFailed } = {}) {
      const task = await ready('retry', taskId);
      const from = fromPhase ?? (skipFailed ? getFailedPhase(task) : defaultPhase(task));
      if (from !== 'PLAN' && !task.worktreePath)
        throw new SentraError('not_allowed', `The worktree of ${taskId} is gone, so it can only start from PLAN.`);
      const workflowType = phasesOf[task.workflowType].includes(from) ? task.workflowType : 'full_sdlc';
      if (skipFailed && workflowType !== 'full_sdlc' && phasesOf[workflowType].at(-1) === from)
        throw new SentraError(
          'not_allowed',
          `${from} is the last phase of ${workflowType}, so nothing would be left to do: skip the task, or start another workflow.`,
        );
      const skipped = skipFailed ? { skipped: from } : {};
      await changes.change((change) => beginRun(change, task, { workflowType, fromPhase: from, ...skipped }));
      return getTask(db, taskId);
    },
    async skip(taskId) {
      await allowed('skip', taskId);
      await changes.change(async ({ tx, client, touch }) => {
        const pull = await findPullRequest(tx, taskId);
        if (pull?.state === 'open') await closePullRequest(tx, pull);
        await decide(tx, taskId, 'skippedAt');
        await engine.enqueue(client, cleanUpJob(taskId, newAdwId()));
        touch(taskId);
      });
      return getTask(db, taskId);
    },
    async approve(taskId) {
      await allowed('approve', taskId);
      await changes.change(async ({ tx, touch, record }) => {
        const pull = await getOpenPullRequest(tx, taskId);
        await approvePullRequest(tx, pull);
        await addForgeReview(tx, pull, { verdict: 'approved', comments: [] });
        touch(taskId);
        record({ type: 'pull_request.changed', taskId, data: { number: pull.number, approved: true } });
      });
      return getTask(db, taskId);
    },
    async requestChanges(taskId, comments) {
      const task = await allowed('request_changes', taskId);
      await changes.change(async (change) => {
        const pull = await getOpenPullRequest(change.tx, taskId);
        await addComments(change.tx, taskId, 'person', comments);
        await addForgeReview(change.tx, pull, { verdict: 'changes_requested', comments });
        await beginRound(change, task, comments);
      });
      return getTask(db, taskId);
    },
    async close(taskId) {
      await allowed('close', taskId);
      await changes.change(async ({ tx, touch, record }) => {
        const pull = await getOpenPullRequest(tx, taskId);
        await closePullRequest(tx, pull);
        touch(taskId);
        record({ type: 'pull_request.changed', taskId, data: { number: pull.number, state: 'closed' } });
      });
      return getTask(db, taskId);
    },
    async pullRequest(taskId) {
      const pull = await findPullRequest(db, taskId);
      if (!pull) throw new SentraError('not_found', `${taskId} has no pull request yet: REVIEW opens it.`);
      const [queue, forgeProblem] = [await findMergeEntry(db, taskId), await findForgeProblem(db, taskId)];
      return toPullRequest(pull, await listComments(db, taskId), { queue, forgeProblem });
    },
  };
}

/** A review that asks for changes has passed as a phase, and fails the run. */
function getFailedPhase({ id, phases, error }: Task): PhaseName {
  const failed = phases.find((p) => p.state === 'failed')?.phase;
  if (failed) return failed;
  if (error?.code === 'changes_requested') return 'REVIEW';
  throw new SentraError('not_allowed', `${id} has no phase that failed; retry it without skipping one.`);
}

/** Where a retry goes on: in the phase that failed, or from the start where nothing was begun or kept. */
function defaultPhase(task: Task): PhaseName {
  if (!task.worktreePath) return 'PLAN';
  return (
    task.phases.find((p) => p.state === 'failed')?.phase ??
    task.phases.findLast((p) => p.state !== 'pending')?.phase ??
    'PLAN'
  );
}
