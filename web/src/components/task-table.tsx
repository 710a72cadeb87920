import { Link } from '@tanstack/react-router';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useState } from 'react';
import { shortId } from '#src/domain/ids.ts';
import type { Task } from '#src/domain/task.ts';
import { formatCost, formatSince } from '../format.ts';
import { nextSort, type parseSort, type TableColumn, type TableSort, tableColumns } from '../table.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { PhaseBar, PriorityBars, priorityLabels, StatusTag, TypeIcon, typeLabels } from './marks.tsx';

const names: Record<TableColumn, string> = {
  title: 'Task',
  status: 'Status',
  priority: 'Priority',
  type: 'Type',
  agent: 'Agent',
  cost: 'Cost',
  created: 'Created',
};

const page = 200;

type Props = {
  tasks: readonly Task[];
  sort: ReturnType<typeof parseSort>;
  onSort: (sort: TableSort) => void;
  chosen: ReadonlySet<string>;
  onChoose: (ids: readonly string[], isChosen: boolean) => void;
  now: number;
};

/** Every task in one line. With the shift key all between the last box and this one are chosen. */
export function TaskTable({ tasks, sort, onSort, chosen, onChoose, now }: Props) {
  const [shown, setShown] = useState(page);
  const [last, setLast] = useState<string>();
  const choose = (id: string, isChosen: boolean, isRange: boolean) => {
    const [from, to] = [tasks.findIndex((task) => task.id === last), tasks.findIndex((task) => task.id === id)];
    const range = isRange && from >= 0 ? tasks.slice(Math.min(from, to), Math.max(from, to) + 1) : [];
    onChoose(range.length ? range.map((task) => task.id) : [id], isChosen);
    setLast(id);
  };
  const Arrow = sort.isDown ? ArrowDown : ArrowUp;
  return (
    <>
      <table className="task-table">
        <caption className="sr-only">Tasks, sorted by {names[sort.column].toLowerCase()}</caption>
        <thead>
          <tr>
            <th scope="col">
              <Checkbox
                aria-label="Choose all"
                checked={tasks.length > 0 && tasks.every(({ id }) => chosen.has(id))}
                onChecked={(isChosen) =>
                  onChoose(
                    tasks.map(({ id }) => id),
                    isChosen,
                  )
                }
              />
            </th>
            {tableColumns.map((column) => (
              <th
                key={column}
                scope="col"
                data-column={column}
                aria-sort={column !== sort.column ? 'none' : sort.isDown ? 'descending' : 'ascending'}
              >
                <button type="button" onClick={() => onSort(nextSort(column, sort))}>
                  {names[column]}
                  {column === sort.column && <Arrow aria-hidden="true" />}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tasks.slice(0, shown).map((task) => (
            <tr key={task.id} data-chosen={chosen.has(task.id) || undefined}>
              <td>
                <Checkbox
                  aria-label={`Choose ${task.title}`}
                  checked={chosen.has(task.id)}
                  onClick={(event) => choose(task.id, event.currentTarget.checked, event.shiftKey)}
                  onChecked={() => {}}
                />
              </td>
              <th scope="row">
                <Link
                  to="/tasks/$id"
                  params={{ id: task.id }}
                  search={({ project }) => ({ project })}
                  preload={false}
                  className="flex min-w-0 items-baseline gap-2 hover:text-accent-text"
                  data-card={task.id}
                >
                  <span className="cut">{task.title}</span>
                  <span className="mono flex-none text-second max-lg:hidden">task-{shortId(task.id)}</span>
                </Link>
              </th>
              <td data-column="status">
                <span className="flex items-center gap-2">
                  <span className="min-w-22">
                    <StatusTag status={task.status} until={task.waitsFor?.until ?? undefined} />
                  </span>
                  <span className="w-16 max-md:hidden">
                    <PhaseBar task={task} />
                  </span>
                </span>
              </td>
              <td data-column="priority">
                <span className="flex items-center gap-1.5">
                  <PriorityBars priority={task.priority} />
                  {priorityLabels[task.priority]}
                </span>
              </td>
              <td data-column="type">
                <span className="flex items-center gap-1.5">
                  <TypeIcon type={task.type} />
                  {typeLabels[task.type]}
                </span>
              </td>
              <td data-column="agent">{task.agent}</td>
              <td data-column="cost">{task.startedAt && formatCost(task.costUsd, task.knownCostUsd)}</td>
              <td data-column="created">{formatSince(task.createdAt, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {tasks.length > shown && (
        <Button look="ghost" size="small" className="m-4" onClick={() => setShown(shown + page)}>
          Show {Math.min(page, tasks.length - shown)} of {tasks.length - shown} more
        </Button>
      )}
    </>
  );
}
