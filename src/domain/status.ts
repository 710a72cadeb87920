/**
 * The one place where a task's status comes from: facts in, status out. Pure. The only writer of the column that keeps
 * the answer for queries is `store/tasks.ts`.
 */
import type { TaskStatus } from '#src/domain/task.ts';
import type { RunStatus } from '#src/domain/workflow.ts';

export type TaskFacts = {
  skipped: boolean;
  cancelled: boolean;
  /** A run ended without changes, and the task had declared that none were expected. */
  endedWithoutChanges: boolean;
  /** The newest run's status; undefined when there was none. */
  run: RunStatus | undefined;
  pullRequest: 'open' | 'merged' | 'closed' | undefined;
  dependencies: readonly TaskStatus[];
};

export function deriveStatus(facts: TaskFacts): TaskStatus {
  if (facts.pullRequest === 'merged' || facts.endedWithoutChanges) return 'completed';
  if (facts.skipped) return 'skipped';
  if (facts.run === 'queued' || facts.run === 'running') return facts.run;
  if (facts.cancelled || facts.run === 'cancelled') return 'cancelled';
  if (facts.run === 'failed') return 'failed';
  if (facts.pullRequest === 'open') return 'in_review';
  return facts.dependencies.every(satisfies) ? 'pending' : 'blocked';
}

/** A dependency holds nobody back once it is completed, or was skipped by a person's decision. */
export const satisfies = (status: TaskStatus) => status === 'completed' || status === 'skipped';

/** Nothing goes on by itself in such a task, and nothing of it is needed on this host. */
export const isOver = (status: TaskStatus) => status === 'completed' || status === 'skipped' || status === 'cancelled';
