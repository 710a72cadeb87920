/** What each task costs this host: a table where there is room for one, else a card for each. */
import { Link } from '@tanstack/react-router';
import { ArrowDown } from 'lucide-react';
import { shortId } from '#src/domain/ids.ts';
import type { TaskResources } from '#src/domain/resources.ts';
import type { WorktreeInfo } from '#src/domain/system.ts';
import { formatBytes, formatDuration } from '../format.ts';
import { useIsPhone } from '../hooks/use-is-phone.ts';
import { useNow } from '../hooks/use-now.ts';
import { costOf, type ResourceColumn, resourceColumns, sortByCost } from '../resources.ts';
import { Meter } from '../ui/meter.tsx';
import { Select } from '../ui/select.tsx';

type Props = {
  tasks: readonly TaskResources[];
  worktrees: readonly WorktreeInfo[];
  sort: ResourceColumn;
  onSort: (column: ResourceColumn) => void;
};

const names: Record<ResourceColumn, string> = {
  disk: 'Disk',
  memory: 'Memory',
  cores: 'Cores',
  peak: 'Peak',
  cpu: 'CPU time',
  age: 'Age',
};

export function ResourceTable(props: Props) {
  const isPhone = useIsPhone();
  const now = useNow(true, 5_000);
  const rows = sortByCost(props.tasks, props.sort, now).map((task) => ({
    task,
    worktree: props.worktrees.find((one) => one.taskId === task.taskId),
    texts: textsOf(task, now),
    parts: partsOf(task, props.tasks, now),
  }));
  return isPhone ? <Cards {...props} rows={rows} /> : <Table {...props} rows={rows} />;
}

type Row = {
  task: TaskResources;
  worktree: WorktreeInfo | undefined;
  texts: Record<ResourceColumn, string>;
  /** Of the dearest task, 0 to 1. */
  parts: Record<ResourceColumn, number>;
};
type Rows = Props & { rows: readonly Row[] };

function Table({ rows, sort, onSort }: Rows) {
  return (
    <div className="overflow-x-auto">
      <table className="cost-table">
        <caption className="sr-only">What each task costs, sorted by {names[sort].toLowerCase()}</caption>
        <thead>
          <tr>
            <th scope="col">Task</th>
            {resourceColumns.map((column) => (
              <th key={column} scope="col" aria-sort={column === sort ? 'descending' : 'none'}>
                <button type="button" onClick={() => onSort(column)}>
                  {names[column]}
                  {column === sort && <ArrowDown aria-hidden="true" />}
                </button>
              </th>
            ))}
            <th scope="col">Ports</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ task, worktree, texts, parts }) => (
            <tr key={task.taskId}>
              <th scope="row">
                <TaskCell task={task} worktree={worktree} />
              </th>
              {resourceColumns.map((column) => (
                <td key={column} data-sorted={column === sort || undefined}>
                  {texts[column]}
                  {column === 'disk' && <Shared task={task} />}
                  {column === sort && <Meter part={parts[column]} />}
                </td>
              ))}
              <td className="mono text-second" title={portsOf(task).join(' ')}>
                {shortPorts(task)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cards({ rows, sort, onSort }: Rows) {
  return (
    <>
      <div className="flex items-center gap-2 border-b border-line px-4 py-2">
        <Select
          aria-label="Sort by"
          className="w-full"
          value={sort}
          onValue={(value) => onSort(value as ResourceColumn)}
          options={resourceColumns.map((value) => ({ value, label: `By ${names[value].toLowerCase()}` }))}
        />
      </div>
      <ul>
        {rows.map(({ task, worktree, texts, parts }) => (
          <li key={task.taskId} className="flex flex-col gap-2 border-t border-line px-4 py-3 first:border-t-0">
            <TaskCell task={task} worktree={worktree} />
            <Meter part={parts[sort]} />
            <dl className="cost-facts">
              {resourceColumns.map((column) => (
                <div key={column}>
                  <dt>{names[column]}</dt>
                  <dd>
                    {texts[column]}
                    {column === 'disk' && <Shared task={task} />}
                  </dd>
                </div>
              ))}
              <div>
                <dt>Ports</dt>
                <dd>{portsOf(task).join(' ') || '–'}</dd>
              </div>
            </dl>
          </li>
        ))}
      </ul>
    </>
  );
}

function TaskCell({ task, worktree }: Pick<Row, 'task' | 'worktree'>) {
  return (
    <span className="flex min-w-0 flex-col gap-0.5">
      <Link
        to="/tasks/$id"
        params={{ id: task.taskId }}
        search={({ project }) => ({ project })}
        className="cost-title"
        title={worktree?.path}
      >
        <span className="cut">{task.title}</span>
        <span className="mono flex-none font-normal text-second">{shortId(task.taskId)}</span>
      </Link>
      <span className="flex flex-wrap items-center gap-1.5 text-xs font-normal text-second">
        {worktree?.reason ?? `the task is ${task.status.replace('_', ' ')}`}
        {worktree?.dirty && <span className="tag">not committed</span>}
        {worktree?.unmerged && (
          <span className="tag" data-tone="warn">
            not merged
          </span>
        )}
        {worktree && worktree.state !== 'ready' && <span className="tag">{worktree.state}</span>}
      </span>
    </span>
  );
}

const Shared = ({ task }: { task: TaskResources }) =>
  task.disk && task.disk.shared > 0 ? (
    <span className="block text-xs text-second">+ {formatBytes(task.disk.shared)} shared</span>
  ) : null;

const portsOf = ({ ports }: TaskResources) => Object.values(ports).sort((a, b) => a - b);

function shortPorts(task: TaskResources): string {
  const [first, ...more] = portsOf(task);
  return first === undefined ? '–' : `${first}${more.length ? ` +${more.length}` : ''}`;
}

const textsOf = (task: TaskResources, now: number): Record<ResourceColumn, string> => ({
  disk: task.disk ? formatBytes(task.disk.own) : '–',
  memory: task.now ? formatBytes(task.now.memory) : '–',
  cores: task.now ? task.now.cores.toFixed(1) : '–',
  peak: task.peakMemory ? formatBytes(task.peakMemory) : '–',
  cpu: task.cpuSeconds ? formatDuration(task.cpuSeconds * 1000) : '–',
  age: formatDuration(now - Date.parse(task.createdAt)),
});

function partsOf(task: TaskResources, all: readonly TaskResources[], now: number): Row['parts'] {
  const part = (column: ResourceColumn) => {
    const highest = Math.max(...all.map((one) => costOf(one, column, now) ?? 0));
    return highest > 0 ? (costOf(task, column, now) ?? 0) / highest : 0;
  };
  return Object.fromEntries(resourceColumns.map((column) => [column, part(column)])) as Row['parts'];
}
