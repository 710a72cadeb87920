/** The one place where a run of a task comes into being: a person's request, the next round, what the merge queue sends back. */
import { newAdwId } from '#src/domain/ids.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Rework } from '#src/domain/rework.ts';
import type { Task } from '#src/domain/task.ts';
import type { WorkflowType } from '#src/domain/workflow.ts';
import { SentraError } from '#src/errors.ts';
import type { Change } from '#src/store/change.ts';
import { leaveMergeQueue } from '#src/store/merge-queue.ts';
import { skipPhase } from '#src/store/phases.ts';
import { findPullRequest } from '#src/store/pull-requests.ts';
import { insertRun } from '#src/store/runs.ts';
import { reopen } from '#src/store/tasks.ts';
import { findWorktree } from '#src/store/worktrees.ts';

export type BeginOptions = {
  workflowType?: WorkflowType | undefined;
  fromPhase?: PhaseName;
  /** Left out of the run. */
  skipped?: PhaseName;
  comments?: NewComment[];
  rework?: Rework;
};

/** Throws `conflict` while its worktree is being removed or after its pull request was merged, `already_running` when it has a run. */
export async function beginRun(
  change: Change,
  task: Pick<Task, 'id' | 'projectId' | 'workflowType'>,
  options: BeginOptions,
): Promise<{ adwId: string }> {
  const adwId = newAdwId();
  const workflowType = options.workflowType ?? task.workflowType;
  await reopen(change.tx, task.id);
  // After the row's lock: a removal that was decided before is seen here, one that is decided later sees the run.
  if ((await findWorktree(change.tx, task.id))?.state === 'removing')
    throw new SentraError('conflict', `The worktree of ${task.id} is being removed at this moment; try again.`);
  const pull = await findPullRequest(change.tx, task.id);
  if (pull?.state === 'merged')
    throw new SentraError('conflict', `The pull request #${pull.number} of ${task.id} was merged at this moment.`);
  await leaveMergeQueue(change.tx, task.id);
  await insertRun(change.tx, {
    adwId,
    taskId: task.id,
    workflowType,
    fromPhase: options.fromPhase ?? null,
    comments: options.comments ?? null,
    rework: options.rework ?? null,
  });
  if (options.skipped) await skipPhase(change.tx, { adwId, phase: options.skipped }, task.id);
  change.touch(task.id); // queued from now on: orchestrator/ready.ts gives it a slot
  change.record({
    type: 'run.changed',
    projectId: task.projectId,
    taskId: task.id,
    data: { adwId, status: 'queued' },
  });
  return { adwId };
}

/** The next round: CODE gets what people or checks said of the pull request, then TEST and REVIEW again. */
export const beginRound = (
  change: Change,
  task: Pick<Task, 'id' | 'projectId' | 'workflowType'>,
  comments: NewComment[],
): Promise<{ adwId: string }> => beginRun(change, task, { workflowType: 'full_sdlc', fromPhase: 'CODE', comments });
