import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Resources } from '#src/domain/resources.ts';
import { messageOf } from '#src/errors.ts';
import { CleanUp } from '../components/clean-up.tsx';
import { AgentsPanel, HostPanel, ServerPanel, TasksTogether } from '../components/host-panels.tsx';
import { PreparedAhead } from '../components/prepared-ahead.tsx';
import { ResourcePlaces } from '../components/resource-places.tsx';
import { ResourceTable } from '../components/resource-table.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { WorkersPanel } from '../components/workers-panel.tsx';
import { plural } from '../format.ts';
import { resourcesQuery, systemQuery, worktreesQuery } from '../queries.ts';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

/** Without room beside each other the columns are one, which begins with the host and its workers. */
const column = 'flex min-w-0 flex-col gap-4 max-xl:contents';

export function ResourcesPage() {
  const system = useQuery(systemQuery);
  const resources = useQuery(resourcesQuery);
  const error = system.error ?? resources.error;
  return (
    <>
      <title>Resources · Sentra</title>
      <TopBar>
        <h1 className="text-base">Resources</h1>
      </TopBar>
      <div className="grid min-h-0 flex-1 content-start gap-4 overflow-y-auto p-4 xl:grid-cols-[minmax(0,1fr)_376px]">
        {error && (
          <div className="xl:col-span-2">
            <Notice tone="err">{messageOf(error)}</Notice>
          </div>
        )}
        <div className={column}>
          {resources.data && <Tasks resources={resources.data} />}
          <PreparedAhead />
          {resources.data && (
            <Panel title="What Sentra keeps" note={resources.data.measuredAt === null && 'being measured'}>
              <ResourcePlaces places={resources.data.places} totals={resources.data.totals} />
            </Panel>
          )}
        </div>
        <div className={column}>
          <div className="flex min-w-0 flex-col gap-4 max-xl:-order-1">
            {system.data && <HostPanel system={system.data} />}
            <WorkersPanel />
          </div>
          {resources.data && <TasksTogether resources={resources.data} />}
          {system.data && <AgentsPanel system={system.data} />}
          {system.data && <ServerPanel system={system.data} />}
        </div>
      </div>
    </>
  );
}

function Tasks({ resources }: { resources: Resources }) {
  const { data: worktrees = [] } = useQuery(worktreesQuery);
  const { sort = 'disk' } = useSearch({ from: '/shell/resources' });
  const navigate = useNavigate({ from: '/resources' });
  const note = (
    <span className="flex items-center gap-3">
      {plural(resources.tasks.length, 'task')}
      <CleanUp />
    </span>
  );
  return (
    <Panel title="Tasks" note={note}>
      {resources.tasks.length === 0 ? (
        <p className="p-4 text-second">
          None takes anything. A task gets a worktree when its first run starts, and loses it after the merge.
        </p>
      ) : (
        <ResourceTable
          tasks={resources.tasks}
          worktrees={worktrees}
          sort={sort}
          onSort={(column) => void navigate({ search: (before) => ({ ...before, sort: column }), replace: true })}
        />
      )}
    </Panel>
  );
}
