import { z } from 'zod';
import { TaskId } from '#src/domain/ids.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { Diff } from '#src/domain/pull-request.ts';
import { Why } from '#src/domain/why.ts';
import { changes, reads, tool } from '#src/mcp/tool.ts';
import { TaskAnswer } from '#src/mcp/tools/task.ts';

const why = tool({
  name: 'why',
  title: 'Why a task does not run',
  description:
    'The reasons why a task is not running or has stopped, each with its way out. Empty reasons: nothing holds it back.',
  input: z.object({ taskId: TaskId }),
  output: z.object(Why.shape),
  annotations: reads,
  run: (client, { taskId }) => client.getWhy({ params: { id: taskId } }),
});

const getDiff = tool({
  name: 'get_diff',
  title: 'What a task changes',
  description:
    "What a task's branch changes against the commit where it left its base: commits and files with unified diffs. conflicts names tasks that change the same places.",
  input: z.object({ taskId: TaskId }),
  output: z.object(Diff.shape),
  annotations: reads,
  run: (client, { taskId }) => client.getDiff({ params: { id: taskId } }),
});

const cancelTask = tool({
  name: 'cancel_task',
  title: 'Cancel a task',
  description:
    'Stop a task: its agent is ended and its worktree removed; work that is not merged is saved as a patch first. retry_task starts it again.',
  input: z.object({ taskId: TaskId }),
  output: TaskAnswer,
  annotations: { ...changes, destructiveHint: true, idempotentHint: true },
  run: (client, { taskId }) => client.cancelTask({ params: { id: taskId } }),
});

const retryTask = tool({
  name: 'retry_task',
  title: 'Retry a task',
  description:
    'Start a failed, cancelled or reviewed task again, from fromPhase where it is given, else from the phase that failed. skipFailed leaves that phase out instead, records it as skipped and goes on with the next.',
  input: z.object({ taskId: TaskId, fromPhase: z.enum(phaseNames).optional(), skipFailed: z.boolean().optional() }),
  output: TaskAnswer,
  annotations: changes,
  run: (client, { taskId, ...body }) => client.retryTask({ params: { id: taskId }, body }),
});

const mergeTask = tool({
  name: 'merge_task',
  title: 'Merge a task',
  description:
    "Merge the pull request of a task that is in_review into the project's base branch. The task is completed and tasks that wait for it go on. Cannot be undone by Sentra.",
  input: z.object({ taskId: TaskId }),
  output: TaskAnswer,
  annotations: { ...changes, destructiveHint: true, idempotentHint: true },
  run: (client, { taskId }) => client.mergeTask({ params: { id: taskId } }),
});

export const taskActionTools = [why, getDiff, cancelTask, retryTask, mergeTask];
