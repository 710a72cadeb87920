/** The small signs of a task: type, priority, status, phases. */
import { Bug, Check, Clock, Play, SquarePlus, TriangleAlert, UserRound, Wrench, X } from 'lucide-react';
import type { Priority, Task, TaskStatus, TaskType } from '#src/domain/task.ts';
import { segmentsOf } from '../board.ts';
import { formatUntil } from '../format.ts';

export const typeIcons = { feature: SquarePlus, bug: Bug, chore: Wrench } as const;
export const typeLabels: Record<TaskType, string> = { feature: 'Feature', bug: 'Bug', chore: 'Chore' };
export const priorityLabels: Record<Priority, string> = { high: 'High', medium: 'Medium', low: 'Low' };

export function TypeIcon({ type }: { type: TaskType }) {
  const Icon = typeIcons[type];
  return <Icon role="img" aria-label={typeLabels[type]} />;
}

/** Three bars; the lit ones count. */
export function PriorityBars({ priority }: { priority: Priority }) {
  const lit = { low: 1, medium: 2, high: 3 }[priority];
  return (
    <svg
      role="img"
      aria-label={`${priorityLabels[priority]} priority`}
      viewBox="0 0 16 16"
      className={`size-3.5 flex-none fill-none stroke-current ${lit === 3 ? 'text-fg' : 'text-second'}`}
      strokeWidth="1.8"
      strokeLinecap="round"
    >
      {['M3.5 13v-2', 'M8 13V8', 'M12.5 13V4'].map((d, index) => (
        <path key={d} d={d} opacity={index < lit ? 1 : 0.3} />
      ))}
    </svg>
  );
}

const statusLooks: Record<TaskStatus, { label: string; tone?: string; icon?: typeof Check }> = {
  blocked: { label: 'Blocked', icon: Clock },
  pending: { label: 'Ready' },
  queued: { label: 'Queued', icon: Clock },
  running: { label: 'Running', tone: 'accent', icon: Play },
  in_review: { label: 'In review', tone: 'warn', icon: UserRound },
  completed: { label: 'Done', tone: 'ok', icon: Check },
  failed: { label: 'Failed', tone: 'err', icon: TriangleAlert },
  cancelled: { label: 'Cancelled', icon: X },
  skipped: { label: 'Skipped', icon: X },
};

export const statusLabel = (status: TaskStatus) => statusLooks[status].label;

/** `until`: when a run that is parked goes on. */
export function StatusTag({ status, until }: { status: TaskStatus; until?: string | undefined }) {
  const { label: word, tone, icon: Icon } = statusLooks[status];
  const label = until && status === 'queued' ? `Waits until ${formatUntil(until, Date.now())}` : word;
  return (
    <span className="tag" data-tone={tone}>
      {Icon && <Icon aria-hidden="true" />}
      {label}
    </span>
  );
}

export function PhaseBar({ task }: { task: Pick<Task, 'phases' | 'phase' | 'waitsFor'> }) {
  const states = segmentsOf(task);
  const names = ['Plan', 'Code', 'Test', 'Review'];
  return (
    <span className="seg" role="img" aria-label={states.map((state, i) => `${names[i]} ${state}`).join(', ')}>
      {states.map((state, index) => (
        <i key={names[index]} data-state={state} />
      ))}
    </span>
  );
}
