/** Why a task is not running, or has stopped: one pure function from facts to reasons, told by every door. */
import { z } from 'zod';
import { Reason } from '#src/domain/reason.ts';
import { isGivenUp, unmetDependencies } from '#src/domain/status.ts';
import type { Task, TaskStatus } from '#src/domain/task.ts';

export const Why = z.object({ runnable: z.boolean(), reasons: z.array(Reason) }).meta({ id: 'Why' });
export type Why = z.infer<typeof Why>;

export type WhyFacts = {
  task: Pick<Task, 'status' | 'error' | 'autoStart' | 'pullRequest' | 'worktreePath'>;
  dependencies: readonly { id: string; title: string; status: TaskStatus }[];
  /** A dependency in review is enough for this project. */
  stacked: boolean;
  projectProblem: string | null;
  /** Of its pull request at a forge: what is in the way there. */
  forgeProblem?: string | null;
  /** It is in the merge queue, and not refused there. */
  isMerging?: boolean;
  /** What would keep the task from starting now: gates, and where it waits in the queue also caps and its place (`domain/scheduler.ts`). */
  held: readonly Reason[];
};

/** `runnable`: it may start now, by itself or when somebody starts it. */
export function explainWhy(facts: WhyFacts): Why {
  const reasons = [...reasonsOf(facts)];
  const { status } = facts.task;
  const ready = status === 'pending' || status === 'queued';
  return { runnable: ready && reasons.every(({ code }) => startable.has(code)), reasons };
}

const startable: ReadonlySet<string> = new Set(['not_started', 'starting', 'forge']);

function* reasonsOf({
  task,
  dependencies,
  stacked,
  projectProblem,
  forgeProblem,
  isMerging,
  held,
}: WhyFacts): Generator<Reason> {
  const { status } = task;
  const waits = status === 'pending' || status === 'blocked' || status === 'queued';
  if (status === 'blocked')
    for (const dependency of unmetDependencies(dependencies, stacked)) yield dependencyReason(dependency, stacked);
  if (waits) yield* held;
  if (waits && projectProblem) yield { code: 'project_problem', message: projectProblem };
  if (status === 'queued' && held.length === 0)
    yield { code: 'starting', message: 'it has a slot and begins at this moment' };
  if (status === 'pending') {
    const isClosed = task.pullRequest?.state === 'closed';
    if (isClosed && forgeProblem) yield { code: 'forge', message: forgeProblem };
    yield {
      code: 'not_started',
      message: isClosed
        ? `pull request #${task.pullRequest?.number} is closed: start the task again, or skip it`
        : 'ready, not started: start it',
    };
  }
  if (status === 'in_review') {
    for (const dependency of unmetDependencies(dependencies, false)) yield dependencyReason(dependency, false);
    if (forgeProblem) yield { code: 'forge', message: forgeProblem };
    const pull = `pull request #${task.pullRequest?.number}`;
    if (isMerging) yield { code: 'merging', message: `${pull} is in the merge queue` };
    else yield { code: 'waiting_for_person', message: `${pull} waits for a person: merge it or request changes` };
  }
  if (status === 'failed' && task.error)
    yield {
      code: task.error.code,
      message: `${task.error.message}${task.worktreePath ? ` The worktree is kept at ${task.worktreePath}.` : ''}`,
    };
  if (status === 'cancelled') yield { code: 'cancelled', message: 'a person cancelled it: retry starts it again' };
}

function dependencyReason({ id, title, status }: WhyFacts['dependencies'][number], stacked: boolean): Reason {
  if (isGivenUp(status))
    return {
      code: 'dependency_failed',
      message: `waits for "${title}", which ${status === 'failed' ? 'failed' : 'was cancelled'}: retry it, skip it, or drop the dependency`,
      taskId: id,
    };
  const way = stacked && status === 'in_review' ? '; another one in review is not merged either' : '';
  return { code: 'dependency', message: `waits for "${title}" (${status.replace('_', ' ')}${way})`, taskId: id };
}
