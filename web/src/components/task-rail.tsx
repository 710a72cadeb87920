import { Folder, GitBranch, ShieldOff } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Task } from '#src/domain/task.ts';
import { formatCost, formatCount, formatSince } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { PriorityBars, priorityLabels, TypeIcon, typeLabels } from './marks.tsx';
import { TaskDevServers } from './task-dev-servers.tsx';
import { TaskPorts } from './task-ports.tsx';
import { TaskWhy } from './task-why.tsx';

/** Beside the task: what may be done, why it is not finished, where it is. */
export function TaskRail({ task, actions }: { task: Task; actions: ReactNode }) {
  return (
    <aside
      aria-label="About this task"
      className="rail w-80 flex-none overflow-y-auto border-l border-line max-lg:w-auto max-lg:overflow-visible max-lg:border-t max-lg:border-l-0"
    >
      <section aria-label="Actions">{actions}</section>
      <TaskWhy task={task} className="max-lg:hidden" />
      {(task.branchName || task.worktreePath) && <Places task={task} />}
      <TaskDevServers task={task} />
      <TaskPorts task={task} />
      <About task={task} />
    </aside>
  );
}

function Places({ task }: { task: Task }) {
  return (
    <section>
      <h2>Branch</h2>
      {task.branchName && (
        <div className="flex items-start gap-2">
          <GitBranch aria-hidden="true" className="mt-1.5" />
          <span className="mono min-w-0 flex-1 py-1.5 wrap-anywhere">{task.branchName}</span>
          <CopyButton text={task.branchName} label="Copy branch name" />
        </div>
      )}
      {task.worktreePath && (
        <div className="flex items-start gap-2">
          <Folder aria-hidden="true" className="mt-1.5" />
          <span className="mono min-w-0 flex-1 py-1.5 wrap-anywhere">{task.worktreePath}</span>
          <CopyButton text={task.worktreePath} label="Copy worktree path" />
        </div>
      )}
      {task.isolation === 'none' && (
        <span
          className="tag self-start"
          data-tone="warn"
          title="The agent can reach everything that the server's user can reach"
        >
          <ShieldOff aria-hidden="true" />
          Not isolated
        </span>
      )}
    </section>
  );
}

function About({ task }: { task: Task }) {
  const now = useNow(true, 15_000);
  return (
    <section>
      <h2>Details</h2>
      <dl className="facts">
        <Fact name="Type">
          <span className="flex items-center gap-2">
            <TypeIcon type={task.type} />
            <span aria-hidden="true">{typeLabels[task.type]}</span>
          </span>
        </Fact>
        <Fact name="Priority">
          <span className="flex items-center gap-2">
            <PriorityBars priority={task.priority} />
            <span aria-hidden="true">{priorityLabels[task.priority]}</span>
          </span>
        </Fact>
        <Fact name="Cost">
          {formatCost(task.costUsd, task.knownCostUsd)}
          {task.tokens > 0 && <span className="text-second"> · {formatCount(task.tokens)} tokens</span>}
        </Fact>
        <Fact name="Workflow">
          <span className="mono">{task.workflowType}</span>
        </Fact>
        {task.adwId && (
          <Fact name="Run">
            <span className="mono">{task.adwId}</span>
          </Fact>
        )}
        {task.agent && <Fact name="Agent">{task.agent}</Fact>}
        {task.model && (
          <Fact name="Model">
            <span className="mono wrap-anywhere">{task.model}</span>
          </Fact>
        )}
        {task.effort && <Fact name="Effort">{task.effort}</Fact>}
        {task.isolation && <Fact name="Isolation">{task.isolation}</Fact>}
        <Fact name={task.startedAt ? 'Started' : 'Created'}>{formatSince(task.startedAt ?? task.createdAt, now)}</Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
