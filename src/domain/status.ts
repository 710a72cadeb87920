/**
 * The one place where a task's status comes from: facts in, status out. Pure. The only writer of the column that keeps
 * the answer for queries is `store/change.ts`.
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
  /** The newest run was handed to a worker; until then it only waits for its turn. */
  dispatched: boolean;
  /** Starts by itself as soon as it may. */
  autoStart: boolean;
  pullRequest: 'open' | 'merged' | 'closed' | undefined;
  dependencies: readonly TaskStatus[];
  /** A dependency in review is enough: the branch then starts from that one's. */
  stacked: boolean;
};

export function deriveStatus(facts: TaskFacts): TaskStatus {
  if (facts.pullRequest === 'merged' || facts.endedWithoutChanges) return 'completed';
  if (facts.skipped) return 'skipped';
  if (facts.run === 'running' || (facts.run === 'queued' && facts.dispatched)) return facts.run;
  if (facts.cancelled || facts.run === 'cancelled') return 'cancelled';
  if (facts.run === 'failed') return 'failed';
  if (facts.pullRequest === 'open' && facts.run !== 'queued') return 'in_review';
  const dependencies = facts.dependencies.map((status) => ({ status }));
  if (unmetDependencies(dependencies, facts.stacked).length) return 'blocked';
  return facts.run === 'queued' || (facts.autoStart && facts.run === undefined) ? 'queued' : 'pending';
}

/** A dependency holds nobody back once it is completed, or was skipped by a person's decision. */
export const satisfies = (status: TaskStatus) => status === 'completed' || status === 'skipped';

/** Of a task's dependencies those that it waits for. In a stacked project one may be in review: a branch can start from one other. */
export function unmetDependencies<T extends { status: TaskStatus }>(dependencies: readonly T[], stacked: boolean): T[] {
  const unmet = dependencies.filter(({ status }) => !satisfies(status));
  return stacked && unmet.length === 1 && unmet[0]?.status === 'in_review' ? [] : unmet;
}

/** Nothing more comes of it by itself: those that wait for it wait for a person. */
export const isGivenUp = (status: TaskStatus) => status === 'failed' || status === 'cancelled';

/** Nothing goes on by itself in such a task, and nothing of it is needed on this host. */
export const isOver = (status: TaskStatus) => status === 'completed' || status === 'skipped' || status === 'cancelled';
