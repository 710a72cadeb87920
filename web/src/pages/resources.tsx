import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { shortId } from '#src/domain/ids.ts';
import type { System, WorktreeInfo } from '#src/domain/system.ts';
import { messageOf } from '#src/errors.ts';
import { CleanUp } from '../components/clean-up.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { formatBytes, formatSince } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { systemQuery, worktreesQuery } from '../queries.ts';
import { Notice } from '../ui/notice.tsx';

export function ResourcesPage() {
  const { data: system, error } = useQuery(systemQuery);
  const { data: worktrees = [] } = useQuery(worktreesQuery);
  return (
    <>
      <title>Resources · Sentra</title>
      <TopBar>
        <h1 className="text-base">Resources</h1>
      </TopBar>
      <div className="grid min-h-0 flex-1 content-start gap-4 overflow-y-auto p-4 xl:grid-cols-[minmax(0,1fr)_376px]">
        {error && <Notice tone="err">{messageOf(error)}</Notice>}
        <Worktrees worktrees={worktrees} />
        {system && (
          <div className="flex flex-col gap-4">
            <Host system={system} />
            <Agents system={system} />
            <Server system={system} />
          </div>
        )}
      </div>
    </>
  );
}

function Panel({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="panel w-full self-start">
      <div className="panel-head">
        <h2 className="text-sm">{title}</h2>
        <span className="ml-auto text-second">{note}</span>
      </div>
      {children}
    </section>
  );
}

function Host({ system }: { system: System }) {
  const { slots, cpus, load, memory, disk } = system;
  const rows = [
    { name: 'Slots', part: slots.inUse / Math.max(1, slots.total), text: `${slots.inUse} of ${slots.total}` },
    { name: 'Processors', part: load / Math.max(1, cpus), text: `load ${load.toFixed(1)} of ${cpus}` },
    { name: 'Memory', part: 1 - memory.free / memory.total, text: usedOf(memory) },
    { name: 'Disk', part: 1 - disk.free / disk.total, text: usedOf(disk) },
  ];
  return (
    <Panel title="Host" note={`${slots.total - slots.inUse} slots free`}>
      <dl className="grid grid-cols-[80px_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 p-4 text-xs">
        {rows.map(({ name, part, text }) => (
          <div key={name} className="contents">
            <dt className="text-second">{name}</dt>
            <dd className="meter" aria-hidden="true">
              <i style={{ width: `${Math.min(100, Math.max(0, part * 100))}%` }} />
            </dd>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

const usedOf = ({ total, free }: { total: number; free: number }) =>
  `${formatBytes(total - free)} of ${formatBytes(total)}`;

function Agents({ system }: { system: System }) {
  return (
    <Panel title="Agents" note={system.agents.length}>
      <ul className="px-4 py-2">
        {system.agents.map((agent) => (
          <li key={agent.name} className="flex flex-col py-1.5">
            <span className="flex items-center gap-2">
              {agent.available ? (
                <Check aria-hidden="true" className="text-ok" />
              ) : (
                <X aria-hidden="true" className="text-second" />
              )}
              {agent.name}
              <span className="ml-auto text-xs text-second">{agent.available ? 'available' : 'not available'}</span>
            </span>
            {agent.reason && <span className="pl-6 text-xs text-second wrap-anywhere">{agent.reason}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Server({ system }: { system: System }) {
  const now = useNow(true, 15_000);
  return (
    <Panel title="Server" note={`version ${system.version}`}>
      <div className="flex flex-col gap-3 p-4">
        <dl className="facts">
          <dt>Started</dt>
          <dd>{formatSince(system.startedAt, now)}</dd>
          <dt>Home</dt>
          <dd className="mono leading-5">{system.home}</dd>
          <dt>Database</dt>
          <dd>
            {system.database.kind}, {system.database.reachable ? 'reachable' : 'not reachable'}
            <div className="mono text-second">{system.database.place}</div>
          </dd>
          <dt>Isolation</dt>
          <dd>{system.isolation.available ? 'available' : 'not available'}</dd>
        </dl>
        {!system.isolation.available && (
          <Notice tone="warn">{system.isolation.reason ?? 'Agents run without isolation on this host.'}</Notice>
        )}
      </div>
    </Panel>
  );
}

function Worktrees({ worktrees }: { worktrees: readonly WorktreeInfo[] }) {
  return (
    <Panel
      title="Worktrees"
      note={
        <span className="flex items-center gap-3">
          {worktrees.length}
          <CleanUp />
        </span>
      }
    >
      {worktrees.length === 0 && (
        <p className="p-4 text-second">
          None. A task gets a worktree when its first run starts, and loses it after the merge.
        </p>
      )}
      <ul>
        {worktrees.map((worktree) => (
          <li key={worktree.path} className="flex flex-col gap-1 border-t border-line px-4 py-2.5 first:border-t-0">
            <span className="flex flex-wrap items-center gap-2">
              <Link
                to="/tasks/$id"
                params={{ id: worktree.taskId }}
                search={({ project }) => ({ project })}
                className="mono text-accent-text hover:underline max-md:py-3.5"
              >
                task-{shortId(worktree.taskId)}
              </Link>
              <span className="min-w-0 wrap-anywhere">{worktree.reason}</span>
              <span className="ml-auto flex gap-1">
                {worktree.dirty && <span className="tag">not committed</span>}
                {worktree.unmerged && (
                  <span className="tag" data-tone="warn">
                    not merged
                  </span>
                )}
                <span className="tag">{worktree.state}</span>
              </span>
            </span>
            <span className="flex gap-2 text-xs text-second">
              <span className="mono min-w-0 flex-1 wrap-anywhere">{worktree.path}</span>
              {worktree.bytes !== null && <span>{formatBytes(worktree.bytes)}</span>}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
