import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type RefObject, useRef, useState } from 'react';
import type { Task } from '#src/domain/task.ts';
import { useProject } from '../hooks/use-project.ts';
import { tasksQuery } from '../queries.ts';
import { StatusTag, TypeIcon } from './marks.tsx';

const longest = 50;

type Props = { first: RefObject<HTMLInputElement | null>; onPick: (taskId: string) => void };

/** What runs comes first, then what happened last. `first`: the field to type in. */
export function LogPicker({ first, onPick }: Props) {
  const { project } = useProject();
  const { data: tasks, isPending } = useQuery(tasksQuery(project?.id));
  const [q, setQ] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const found = (tasks ?? [])
    .filter((task) => `${task.title} ${task.id}`.toLowerCase().includes(q.toLowerCase()))
    .sort(byInterest)
    .slice(0, longest);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    buttons[Math.max(0, buttons.indexOf(document.activeElement as HTMLButtonElement) + by)]?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows move between buttons, which do the rest
    <div className="flex flex-col gap-2 p-4" onKeyDown={move}>
      <input
        ref={first}
        type="search"
        className="field"
        aria-label="Task"
        placeholder="Title or id of a task"
        value={q}
        onChange={(event) => setQ(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && found[0]) onPick(found[0].id);
        }}
      />
      {!isPending && found.length === 0 && (
        <p className="text-second">
          {tasks?.length ? 'No task matches.' : 'There is no task yet: c makes the first one.'}
        </p>
      )}
      <ul ref={list} className="max-h-80 overflow-y-auto" aria-label="Tasks">
        {found.map((task) => (
          <li key={task.id}>
            <button
              type="button"
              className="flex min-h-9 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-raised focus-visible:-outline-offset-2 max-md:min-h-11"
              onClick={() => onPick(task.id)}
            >
              <TypeIcon type={task.type} />
              <span className="cut flex-1">{task.title}</span>
              <StatusTag status={task.status} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const isRunning = (task: Task) => (task.status === 'running' ? 0 : 1);

const lastOf = ({ completedAt, startedAt, createdAt }: Task) => completedAt ?? startedAt ?? createdAt;

const byInterest = (a: Task, b: Task) => isRunning(a) - isRunning(b) || lastOf(b).localeCompare(lastOf(a));
