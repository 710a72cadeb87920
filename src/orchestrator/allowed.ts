import { type ActionName, whyNot } from '#src/domain/actions.ts';
import type { Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { getTask } from '#src/store/tasks.ts';

/** The task, when this may be done with it now; throws `already_running` or `not_allowed` with the reason. */
export async function getAllowed(db: Queryable, action: ActionName, taskId: string): Promise<Task> {
  const task = await getTask(db, taskId);
  const reason = whyNot(action, task);
  if (!reason) return task;
  const isBusy = task.status === 'queued' || task.status === 'running';
  const code = isBusy ? 'already_running' : 'not_allowed';
  throw new SentraError(code, `${taskId} cannot be ${pastOf[action]}: ${reason}.`);
}

const pastOf: Record<ActionName, string> = {
  start: 'started',
  cancel: 'cancelled',
  retry: 'retried',
  skip: 'skipped',
  approve: 'approved',
  request_changes: 'sent back',
  merge: 'merged',
  rework: 'given back to an agent',
  close: 'closed',
  push: 'pushed',
  revert: 'reverted',
};
