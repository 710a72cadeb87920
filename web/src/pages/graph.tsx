import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Workflow } from 'lucide-react';
import { useId, useMemo } from 'react';
import { isOver } from '#src/domain/status.ts';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { summaryOf } from '../board.ts';
import { GraphCanvas } from '../components/graph-canvas.tsx';
import { GraphRail } from '../components/graph-rail.tsx';
import { ProjectSwitcher } from '../components/project-switcher.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { plural } from '../format.ts';
import { conflictsAmong, countWaiting, layOut, longestChain, mostDrawn, tasksInGraph, whatHelps } from '../graph.ts';
import { useIsPhone } from '../hooks/use-is-phone.ts';
import { useProject } from '../hooks/use-project.ts';
import { tasksQuery } from '../queries.ts';
import { Checkbox } from '../ui/checkbox.tsx';
import { Command } from '../ui/command.tsx';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';

/** Who waits for whom, from left to right, and whose work conflicts. */
export function GraphPage() {
  const { project, projects } = useProject();
  const tasks = useQuery({ ...tasksQuery(project?.id), enabled: projects.length > 0 });
  return (
    <>
      <title>{project ? `Graph · ${project.name} · Sentra` : 'Graph · Sentra'}</title>
      <TopBar>
        <h1 className="text-base max-md:sr-only">Graph</h1>
        <span className="cut text-second max-md:hidden">
          {project?.name ?? (projects.length ? 'All projects' : '')}
        </span>
        <ProjectSwitcher className="w-full md:hidden" />
      </TopBar>
      {tasks.isError && (
        <div className="p-4">
          <Notice tone="err">{messageOf(tasks.error)}</Notice>
        </div>
      )}
      {tasks.data && <Picture tasks={tasks.data} />}
    </>
  );
}

function Picture({ tasks }: { tasks: readonly Task[] }) {
  const { task: chosen, done = false } = useSearch({ from: '/shell/graph' });
  const navigate = useNavigate({ from: '/graph' });
  const isPhone = useIsPhone();
  const doneId = useId();
  const shown = useMemo(() => tasksInGraph(tasks, done), [tasks, done]);
  // What changes as tasks work is not where they stand.
  const isTooLarge = shown.length > mostDrawn;
  const shape = JSON.stringify(isTooLarge ? [] : shown.map(({ id, dependencies }) => ({ id, dependencies })));
  const picture = useMemo(() => layOut(JSON.parse(shape)), [shape]);
  const facts = useMemo(() => {
    const chain = longestChain(shown);
    return { byId: new Map(tasks.map((task) => [task.id, task])), chain, inChain: new Set(chain) };
  }, [tasks, shown]);
  const selected = chosen ? facts.byId.get(chosen) : undefined;
  const conflicts = useMemo(() => conflictsAmong(shown), [shown]);
  const help = useMemo(() => whatHelps(tasks), [tasks]);
  const waiting = useMemo(() => (chosen ? (countWaiting(tasks, [chosen]).get(chosen) ?? 0) : 0), [tasks, chosen]);
  const alone = tasks.filter(({ status }) => done || !isOver(status)).length - shown.length;
  return (
    <>
      <div className="flex min-h-12 flex-none flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2">
        <span className="flex items-center gap-2 max-md:min-h-11">
          <Checkbox
            id={doneId}
            checked={done}
            onChecked={(checked) =>
              void navigate({ search: (before) => ({ ...before, done: checked || undefined }), replace: true })
            }
          />
          <label htmlFor={doneId}>Done too</label>
        </span>
        <ul aria-label="Signs" className="flex flex-wrap items-center gap-x-4 text-xs text-second max-md:hidden">
          {signs.map(({ tone, label }) => (
            <li key={label} className="flex items-center gap-1.5">
              <span className={tone === 'chain' || tone === 'conflict' ? 'graph-sign' : 'dot'} data-tone={tone} />
              {label}
            </li>
          ))}
        </ul>
        <p className="ml-auto text-xs text-second">
          {summaryOf(shown)}
          {alone > 0 && ` · ${plural(alone, 'task', 'tasks')} without a link`}
        </p>
      </div>
      {isTooLarge && <TooLarge many={shown.length} />}
      {shown.length === 0 && <NoLinks />}
      {shown.length > 0 && !isTooLarge && (
        <div className="flex min-h-0 flex-1">
          <GraphCanvas
            picture={picture}
            tasks={facts.byId}
            chain={facts.inChain}
            conflicts={conflicts}
            selected={chosen}
            opens={isPhone}
          />
          {!isPhone && (
            <GraphRail tasks={facts.byId} chain={facts.chain} help={help} selected={selected} waiting={waiting} />
          )}
        </div>
      )}
    </>
  );
}

const signs = [
  { tone: 'ok', label: 'Done' },
  { tone: 'run', label: 'Running' },
  { tone: 'warn', label: 'Needs you' },
  { tone: 'err', label: 'Failed' },
  { tone: undefined, label: 'Waits' },
  { tone: 'chain', label: 'Longest chain' },
  { tone: 'conflict', label: 'Conflict' },
] as const;

function TooLarge({ many }: { many: number }) {
  return (
    <Empty icon={Workflow} title={`${many.toLocaleString('en')} linked tasks are too many for a picture`}>
      <p>
        The graph draws up to {mostDrawn.toLocaleString('en')}: choose a project, or leave out what is done. Each task
        says under Details what it waits for.
      </p>
    </Empty>
  );
}

function NoLinks() {
  return (
    <Empty icon={Workflow} title="No open task waits for another">
      <p>
        A task that depends on others begins when they are merged, on a base that has their work. Say so when you write
        it, under Details of a task, or from a terminal:
      </p>
      <Command text="npx sentra task add TITLE --depends TASK --start" />
    </Empty>
  );
}
