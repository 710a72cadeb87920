/** What a box of the graph says of its task. */
import type { Task } from '#src/domain/task.ts';
import { statusLabel } from './marks.tsx';

export function graphTone({ status }: Pick<Task, 'status'>): 'ok' | 'run' | 'warn' | 'err' | undefined {
  if (status === 'completed') return 'ok';
  if (status === 'running') return 'run';
  if (status === 'in_review') return 'warn';
  return status === 'failed' ? 'err' : undefined;
}

export function graphWords({ status, phase }: Pick<Task, 'status' | 'phase'>): string {
  if (status === 'running') return phase ?? statusLabel(status);
  if (status === 'failed') return phase ? `Failed in ${phase}` : statusLabel(status);
  return status === 'in_review' ? 'Needs you' : statusLabel(status);
}
