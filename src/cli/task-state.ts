/** What a task's state means to someone who waits for it. */
import type { Run } from '#src/domain/run.ts';
import type { Task, TaskStatus } from '#src/domain/task.ts';

type Tone = 'good' | 'bad' | 'live' | 'waits';

export const toneOf = (status: TaskStatus): Tone => {
  if (status === 'completed' || status === 'in_review') return 'good';
  if (status === 'failed' || status === 'cancelled') return 'bad';
  return status === 'running' || status === 'queued' ? 'live' : 'waits';
};

/** Nothing more happens by itself. */
export const ended = ({ status }: Pick<Task, 'status'>): boolean =>
  ['completed', 'in_review', 'failed', 'cancelled', 'skipped'].includes(status);

export const endsWell = ({ status }: Pick<Task, 'status'>): boolean =>
  status === 'completed' || status === 'in_review' || status === 'skipped';

/** A workflow that is not the full one leaves its task `pending` when it succeeds: its newest run tells. */
export const restsAfter = (task: Pick<Task, 'status'>, newest: Pick<Run, 'status'> | undefined): boolean =>
  task.status === 'pending' && newest?.status === 'completed';
