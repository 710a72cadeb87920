import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ListPlus, SearchX } from 'lucide-react';
import { useMemo } from 'react';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { type BoardFacts, columns, columnsOf, holdOf, matches } from '../board.ts';
import { BoardBanners } from '../components/board-banners.tsx';
import { BoardColumn, DoneColumn } from '../components/board-column.tsx';
import { BoardFilter, BoardSearch } from '../components/board-filter.tsx';
import { NoProject } from '../components/no-project.tsx';
import { PhoneBoard } from '../components/phone-board.tsx';
import { ProjectSwitcher } from '../components/project-switcher.tsx';
import { useShell } from '../components/shell-context.ts';
import { TopBar } from '../components/top-bar.tsx';
import { useIsPhone } from '../hooks/use-is-phone.ts';
import { useNow } from '../hooks/use-now.ts';
import { useProject } from '../hooks/use-project.ts';
import { useShortcuts } from '../hooks/use-shortcuts.ts';
import { useUsedUp } from '../hooks/use-used-up.ts';
import { breakersQuery, tasksQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';

export function BoardPage() {
  const { project, projects, isPending: projectsPending } = useProject();
  const tasks = useQuery({ ...tasksQuery(project?.id), enabled: projects.length > 0 });
  return (
    <>
      <title>{project ? `Board · ${project.name} · Sentra` : 'Board · Sentra'}</title>
      <TopBar search={<BoardSearch />}>
        <h1 className="text-base max-md:sr-only">Board</h1>
        <span className="cut text-second max-md:hidden">
          {project?.name ?? (projects.length ? 'All projects' : '')}
        </span>
        <ProjectSwitcher className="w-full md:hidden" />
      </TopBar>
      <BoardBanners projects={project ? [project] : projects} />
      {tasks.data && <BoardFilter tasks={tasks.data} />}
      {tasks.isError && (
        <div className="p-4">
          <Notice tone="err">{messageOf(tasks.error)}</Notice>
        </div>
      )}
      {!projectsPending && projects.length === 0 && <NoProject />}
      {tasks.data && (tasks.data.length === 0 ? <NoTask /> : <Columns tasks={tasks.data} />)}
    </>
  );
}

function Columns({ tasks }: { tasks: readonly Task[] }) {
  const { type, priority, agent, q } = useSearch({ from: '/shell/' });
  const isPhone = useIsPhone();
  const { projects } = useProject();
  const { data: breakers = [] } = useQuery(breakersQuery);
  const usedUp = useUsedUp(projects);
  const now = useNow(tasks.some((task) => task.status === 'running' || task.status === 'queued'));
  const groups = useMemo(
    () => columnsOf(tasks.filter((task) => matches(task, { type, priority, agent, q }))),
    [tasks, type, priority, agent, q],
  );
  const byId = useMemo(() => new Map(tasks.map((task) => [task.id, task])), [tasks]);
  const navigate = useNavigate();
  useShortcuts({
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    esc: () => (document.activeElement as HTMLElement | null)?.blur(),
  });
  const facts: BoardFacts = {
    find: (id) => byId.get(id),
    held: (task) => holdOf(task, { projects, breakers, usedUp, now }),
    now,
  };
  if (Object.values(groups).every((group) => group.length === 0)) return <NoMatch />;
  if (isPhone)
    return (
      <PhoneBoard
        groups={groups}
        facts={facts}
        onColumn={(column) => void navigate({ to: '/', search: (before) => ({ ...before, column }), replace: true })}
      />
    );
  return (
    <div className="board">
      {columns.slice(0, 6).map((name) => (
        <div key={name} className="column">
          <BoardColumn name={name} tasks={groups[name]} facts={facts} />
        </div>
      ))}
      <div className="column !gap-4">
        <BoardColumn name="Failed" tasks={groups.Failed} facts={facts} />
        <DoneColumn tasks={groups.Done} />
      </div>
    </div>
  );
}

function moveFocus(by: 1 | -1): void {
  const cards = [...document.querySelectorAll<HTMLElement>('[data-card]')];
  const at = cards.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (by > 0 ? 0 : cards.length - 1) : Math.min(cards.length - 1, Math.max(0, at + by));
  cards[next]?.focus();
}

function NoMatch() {
  const navigate = useNavigate();
  return (
    <Empty icon={SearchX} title="No task matches">
      <p>There are tasks, but none with these words and this type, priority and agent.</p>
      <Button onClick={() => void navigate({ to: '/', search: ({ project }) => ({ project }), replace: true })}>
        Show all
      </Button>
    </Empty>
  );
}

function NoTask() {
  const { newTask } = useShell();
  return (
    <Empty icon={ListPlus} title="What should be done first?">
      <p>A task needs only a title. An agent plans it, writes it, tests it and reviews it; you merge the result.</p>
      <Button onClick={newTask}>Write the first task</Button>
    </Empty>
  );
}
