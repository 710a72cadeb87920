/** What may be done with a task in which status: one table for the server's refusals and the page's buttons. */
import type { Task } from '#src/domain/task.ts';

export const actionNames = [
  'start',
  'cancel',
  'retry',
  'skip',
  'approve',
  'request_changes',
  'merge',
  'rework',
  'close',
  'push',
  'revert',
] as const;
export type ActionName = (typeof actionNames)[number];
export type Actionable = Pick<Task, 'status' | 'pullRequest'>;

/** Undefined when the action is allowed, else the reason why not, for people. */
export function whyNot(action: ActionName, task: Actionable): string | undefined {
  const { status } = task;
  const active = status === 'queued' || status === 'running';
  const busy = status === 'queued' ? 'it waits for a slot already' : 'a run of this task is in progress';
  const over = status === 'completed' || status === 'skipped';
  const open = task.pullRequest?.state === 'open';
  switch (action) {
    case 'start':
      if (active) return busy;
      if (over) return `the task is ${status}`;
      if (status === 'blocked') return 'a dependency is not completed';
      return undefined;
    case 'cancel':
      return over || status === 'cancelled' ? `the task is ${status}` : undefined;
    case 'retry':
      if (active) return busy;
      return status === 'failed' || status === 'cancelled' || status === 'in_review'
        ? undefined
        : `only a failed, cancelled or reviewed task is retried; this one is ${status}`;
    case 'revert':
      return task.pullRequest?.state === 'merged' ? undefined : 'it was not merged';
    case 'push':
      if (active) return busy;
      if (over || status === 'cancelled') return `the task is ${status}`;
      return task.pullRequest ? undefined : 'it has no pull request yet';
    case 'skip':
      if (active) return `${busy}; cancel it first`;
      return over ? `the task is ${status}` : undefined;
    default:
      if (active) return busy;
      return open ? undefined : 'there is no open pull request';
  }
}
