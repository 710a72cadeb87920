import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ListPlus, SearchX } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { matches } from '../board.ts';
import { BoardFilter, BoardSearch } from '../components/board-filter.tsx';
import { BulkBar } from '../components/bulk-bar.tsx';
import { TaskTable } from '../components/task-table.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { useNow } from '../hooks/use-now.ts';
import { useProject } from '../hooks/use-project.ts';
import { tasksQuery } from '../queries.ts';
import { parseSort, sortTasks } from '../table.ts';
import { Command } from '../ui/command.tsx';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';

/** The same tasks as on the board, dense: sorted as a person likes, and many handled at once. */
export function TablePage() {
  const { project, projects } = useProject();
  const tasks = useQuery({ ...tasksQuery(project?.id), enabled: projects.length > 0 });
  return (
    <>
      <title>{project ? `Table · ${project.name} · Sentra` : 'Table · Sentra'}</title>
      <TopBar search={<BoardSearch />}>
        <h1 className="text-base max-md:sr-only">Table</h1>
        <span className="cut text-second max-md:hidden">
          {project?.name ?? (projects.length ? 'All projects' : '')}
        </span>
      </TopBar>
      {tasks.data && <BoardFilter tasks={tasks.data} />}
      {tasks.isError && (
        <div className="p-4">
          <Notice tone="err">{messageOf(tasks.error)}</Notice>
        </div>
      )}
      {tasks.data && (tasks.data.length === 0 ? <NoTask /> : <Rows tasks={tasks.data} />)}
    </>
  );
}

function Rows({ tasks }: { tasks: readonly Task[] }) {
  const { type, priority, agent, q, sort: asked } = useSearch({ from: '/shell/table' });
  const navigate = useNavigate({ from: '/table' });
  const now = useNow(true, 30_000);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const sort = useMemo(() => parseSort(asked), [asked]);
  const rows = useMemo(
    () =>
      sortTasks(
        tasks.filter((task) => matches(task, { type, priority, agent, q })),
        sort,
      ),
    [tasks, type, priority, agent, q, sort],
  );
  // Nothing is done with what a filter has hidden.
  const acted = rows.filter(({ id }) => chosen.has(id));
  const choose = (ids: readonly string[], isChosen: boolean) => {
    const next = new Set(chosen);
    for (const id of ids) isChosen ? next.add(id) : next.delete(id);
    setChosen(next);
  };
  return (
    <>
      {acted.length > 0 && <BulkBar tasks={acted} onClear={() => setChosen(new Set())} />}
      {rows.length === 0 ? (
        <Empty icon={SearchX} title="No task matches">
          <p>There are tasks, but none with these words and this type, priority and agent.</p>
        </Empty>
      ) : (
        <ScrollRegion aria-label="Tasks" className="min-h-0 flex-1 overflow-auto">
          <TaskTable
            tasks={rows}
            sort={sort}
            onSort={(next) => void navigate({ search: (before) => ({ ...before, sort: next }), replace: true })}
            chosen={chosen}
            onChoose={choose}
            now={now}
          />
        </ScrollRegion>
      )}
    </>
  );
}

function NoTask() {
  return (
    <Empty icon={ListPlus} title="No task yet">
      <p>Each task becomes a row here, to be sorted and handled with others at once.</p>
      <Command text='npx sentra task add "Say hello" --start' />
    </Empty>
  );
}
