import { memo, useMemo, useState } from 'react';
import { shortId } from '#src/domain/ids.ts';
import type { BatchTask } from '#src/domain/task.ts';
import type { ProposedTasks } from '../analyst.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { PriorityBars, priorityLabels, TypeIcon, typeLabels } from './marks.tsx';

type RowActions = {
  onMark: (keys: readonly string[], isMarked: boolean) => void;
  onSelect: (key: string) => void;
};
type Props = RowActions & {
  /** In the order in which they can be done. */
  tasks: ProposedTasks;
  waiting: ReadonlyMap<string, number>;
  marked: ReadonlySet<string>;
  selected: string | undefined;
};

const page = 400;

export function ProposalTable({ tasks, waiting, marked, selected, onMark, onSelect }: Props) {
  const [shown, setShown] = useState(page);
  const titles = useMemo(() => new Map(tasks.map(({ key, title }) => [key, title])), [tasks]);
  return (
    <>
      <table className="task-table proposal-table">
        <caption className="sr-only">Proposed tasks, each after what it waits for</caption>
        <thead>
          <tr>
            <th scope="col">
              <Checkbox
                aria-label="Mark all"
                checked={tasks.length > 0 && tasks.every(({ key }) => marked.has(key))}
                onChecked={(isMarked) =>
                  onMark(
                    tasks.map(({ key }) => key),
                    isMarked,
                  )
                }
              />
            </th>
            <th scope="col">Task</th>
            <th scope="col" data-column="type">
              Type
            </th>
            <th scope="col" data-column="priority">
              Priority
            </th>
            <th scope="col" data-column="waits">
              Waits for
            </th>
            <th scope="col" data-column="holds">
              Holds up
            </th>
          </tr>
        </thead>
        <tbody>
          {tasks.slice(0, shown).map((task) => (
            <Row
              key={task.key}
              task={task}
              waitsFor={task.dependencies.map((key) => titles.get(key) ?? nameOf(key)).join(', ')}
              waiting={waiting.get(task.key) ?? 0}
              isMarked={marked.has(task.key)}
              isSelected={selected === task.key}
              onMark={onMark}
              onSelect={onSelect}
            />
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

const nameOf = (id: string) => (id.startsWith('task-') ? `task-${shortId(id)}` : id);

type RowProps = RowActions & {
  task: BatchTask;
  waitsFor: string;
  waiting: number;
  isMarked: boolean;
  isSelected: boolean;
};

const Row = memo(function Row({ task, waitsFor, waiting, isMarked, isSelected, onMark, onSelect }: RowProps) {
  const { key, title, type, priority, dependencies } = task;
  return (
    <tr data-chosen={isMarked || undefined} data-selected={isSelected || undefined}>
      <td>
        <Checkbox aria-label={`Mark ${title}`} checked={isMarked} onChecked={(isWanted) => onMark([key], isWanted)} />
      </td>
      <th scope="row">
        <button
          type="button"
          data-proposed={key}
          aria-pressed={isSelected}
          className="flex w-full min-w-0 items-baseline gap-2 text-left hover:text-accent-text focus-visible:-outline-offset-2 max-md:min-h-11 max-md:items-center"
          onClick={() => onSelect(key)}
        >
          <span className="cut">{title}</span>
          <span className="mono cut max-w-32 flex-none text-second max-lg:hidden">{key}</span>
        </button>
      </th>
      <td data-column="type">
        <span className="flex items-center gap-1.5">
          <TypeIcon type={type} />
          {typeLabels[type]}
        </span>
      </td>
      <td data-column="priority">
        <span className="flex items-center gap-1.5">
          <PriorityBars priority={priority} />
          {priorityLabels[priority]}
        </span>
      </td>
      <td data-column="waits" title={waitsFor || undefined}>
        {dependencies.length > 1 && <span className="text-second">{dependencies.length}: </span>}
        {waitsFor}
      </td>
      <td data-column="holds">{waiting > 0 && waiting}</td>
    </tr>
  );
});
