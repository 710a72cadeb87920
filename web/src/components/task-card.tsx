import { Link } from '@tanstack/react-router';
import { CircleStop, Clock, GitCompareArrows, RotateCw, TriangleAlert, UserRound } from 'lucide-react';
import { shortId } from '#src/domain/ids.ts';
import type { Task } from '#src/domain/task.ts';
import type { Reason } from '../board.ts';
import { formatCost, formatDuration, milliseconds } from '../format.ts';
import { Code } from '../ui/code.tsx';
import { PhaseBar, PriorityBars, TypeIcon } from './marks.tsx';
import { devTones } from './task-dev-servers.tsx';

const icons = { clock: Clock, person: UserRound, again: RotateCw, alert: TriangleAlert, stop: CircleStop } as const;

type Props = { task: Task; reason: Reason | undefined; now: number };

export function TaskCard({ task, reason, now }: Props) {
  const Icon = reason && icons[reason.icon];
  const elapsed = elapsedOf(task, now);
  const tone = task.status === 'in_review' ? 'warn' : task.status === 'failed' ? 'error' : undefined;
  return (
    <Link
      to="/tasks/$id"
      params={{ id: task.id }}
      search={({ project }) => ({ project })}
      preload={false}
      className="card"
      data-card={task.id}
      data-tone={tone}
    >
      <span className="flex h-4 items-center gap-1.5 text-second">
        <TypeIcon type={task.type} />
        <span className="mono">task-{shortId(task.id)}</span>
        <span className="flex-1" />
        <PriorityBars priority={task.priority} />
      </span>
      <span className="card-title">{task.title}</span>
      <PhaseBar task={task} />
      {task.conflictsWith.length > 0 && (
        <span className="flex items-center gap-1.5 text-xs text-warn">
          <GitCompareArrows aria-hidden="true" />
          Conflicts with{' '}
          {task.conflictsWith.length === 1
            ? `task-${shortId(task.conflictsWith[0] ?? '')}`
            : `${task.conflictsWith.length} tasks`}
        </span>
      )}
      {task.startedAt && (
        <span className="flex gap-2 text-xs whitespace-nowrap text-second">
          {task.agent && <span className="cut">{task.agent}</span>}
          {elapsed !== undefined && <span>{formatDuration(elapsed)}</span>}
          <span className="ml-auto text-fg">{formatCost(task.costUsd, task.knownCostUsd)}</span>
        </span>
      )}
      {task.devServers
        .filter(({ url }) => url)
        .map(({ name, state, url }) => (
          <span
            key={name}
            className="flex items-center gap-1.5 text-xs text-second"
            title={`Dev server ${name} is ${state} at ${url}`}
          >
            <span className="dot" data-tone={devTones[state]} />
            <span className="mono cut">{url?.replace(/^http:\/\/|\/$/g, '')}</span>
          </span>
        ))}
      {reason && Icon && (
        <span className="reason" data-tone={reason.tone}>
          <Icon aria-hidden="true" />
          <span>
            <Code text={reason.text} />{' '}
            {reason.about && <span className="whitespace-nowrap text-fg">{reason.about}</span>}
          </span>
        </span>
      )}
    </Link>
  );
}

/** Known while a run goes on, and once the task is over. */
function elapsedOf(task: Task, now: number): number | undefined {
  if (task.status === 'running' || task.completedAt) return milliseconds(task.startedAt, task.completedAt, now);
  return undefined;
}
