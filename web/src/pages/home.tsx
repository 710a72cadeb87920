import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ListTree, Table2, Workflow } from 'lucide-react';
import { messageOf } from '#src/errors.ts';
import { BoardBanners } from '../components/board-banners.tsx';
import { HostPanel } from '../components/host-panels.tsx';
import { LatestEvents } from '../components/latest-events.tsx';
import { MergeQueue } from '../components/merge-queue.tsx';
import { NeedsYou } from '../components/needs-you.tsx';
import { NoProject } from '../components/no-project.tsx';
import { ProjectFigures } from '../components/project-figures.tsx';
import { ProjectSwitcher } from '../components/project-switcher.tsx';
import { SpendPanel } from '../components/spend-panel.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { sinceOf } from '../costs.ts';
import { plural } from '../format.ts';
import { atWork, figuresOf, needsOf, tell } from '../home.ts';
import { useLatestEvents } from '../hooks/use-latest-events.ts';
import { useNow } from '../hooks/use-now.ts';
import { useProject } from '../hooks/use-project.ts';
import { analysesQuery, costsQuery, mergeQueueQuery, systemQuery, tasksQuery } from '../queries.ts';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

const eventsShown = 12;

/** What needs a person, then how everything goes. */
export function HomePage() {
  const { project, projects, isPending } = useProject();
  const shown = project ? [project] : projects;
  const { data: tasks = [], error, isSuccess } = useQuery({ ...tasksQuery(project?.id), enabled: projects.length > 0 });
  const queues = useQueries({ queries: shown.map(({ id }) => mergeQueueQuery(id)) });
  const analyses = useQueries({ queries: shown.map(({ id }) => analysesQuery(id)) });
  const { data: system } = useQuery(systemQuery);
  const now = useNow(true, 60_000);
  const since = sinceOf('month', new Date(now));
  const { data: costs } = useQuery(costsQuery({ projectId: project?.id, by: 'project', since }));
  const events = useLatestEvents();
  const taskOf = new Map(tasks.map((task) => [task.id, task]));
  const needs = needsOf(
    tasks,
    queues.flatMap(({ data }) => data ?? []),
  );
  const proposals = analyses.flatMap(({ data }) => data ?? []).filter(({ status }) => status === 'proposed');
  const waitingForYou = needs.length + proposals.length;
  const told = events.flatMap((event) => (taskOf.has(event.taskId ?? '') ? (tell(event) ?? []) : []));
  const spentOf = (id: string) => costs?.items.find(({ key }) => key === id) ?? { costUsd: 0, knownUsd: 0 };
  const { phases, waiting } = atWork(tasks);
  return (
    <>
      <title>{waitingForYou > 0 ? `(${waitingForYou}) Home · Sentra` : 'Home · Sentra'}</title>
      <TopBar>
        <h1 className="text-base max-md:sr-only">Home</h1>
        <span className="cut text-second max-md:hidden">
          {project?.name ?? (projects.length ? 'All projects' : '')}
        </span>
        <ProjectSwitcher className="w-full md:hidden" />
      </TopBar>
      <BoardBanners projects={shown} />
      <div className="grid min-h-0 flex-1 content-start gap-4 overflow-y-auto p-4 xl:grid-cols-[minmax(0,1fr)_344px]">
        {error && (
          <div className="xl:col-span-2">
            <Notice tone="err">{messageOf(error)}</Notice>
          </div>
        )}
        <div className="flex min-w-0 flex-col gap-4">
          {!isPending && projects.length === 0 && <NoProject />}
          {isSuccess && (
            <>
              <NeedsYou
                needs={needs}
                proposals={proposals}
                nameOf={(id) => projects.find((one) => one.id === id)?.name}
              />
              <ProjectFigures figures={figuresOf(shown, tasks, needs, now)} spentOf={spentOf} />
              <LatestEvents told={told.slice(0, eventsShown)} find={(id) => taskOf.get(id)} />
            </>
          )}
          <nav aria-label="More pages" className="flex gap-2 md:hidden">
            <Link to="/table" search={({ project: id }) => ({ project: id })} className="btn flex-1">
              <Table2 aria-hidden="true" /> Table
            </Link>
            <Link to="/graph" search={({ project: id }) => ({ project: id })} className="btn flex-1">
              <Workflow aria-hidden="true" /> Graph
            </Link>
            <Link to="/analyst" search={({ project: id }) => ({ project: id })} className="btn flex-1">
              <ListTree aria-hidden="true" /> Analyst
            </Link>
          </nav>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel
            title="At work"
            note={waiting > 0 ? `${plural(waiting, 'task waits', 'tasks wait')} for a slot` : undefined}
          >
            <dl className="grid grid-cols-4 gap-2 p-4 text-center [&_dt]:text-xs [&_dt]:text-second">
              {phases.map(({ name, count }) => (
                <div key={name} className="flex flex-col-reverse">
                  <dt>{name}</dt>
                  <dd className="text-xl font-semibold">{count}</dd>
                </div>
              ))}
            </dl>
          </Panel>
          {system && <HostPanel system={system} />}
          <SpendPanel projectId={project?.id} />
          {shown.map(({ id, name }, at) => (
            <MergeQueue
              key={id}
              title={shown.length > 1 ? `Merges into ${name}` : 'Merge queue'}
              entries={queues[at]?.data ?? []}
            />
          ))}
        </div>
      </div>
    </>
  );
}
