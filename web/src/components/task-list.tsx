import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Task } from '#src/domain/task.ts';
import { StatusTag, TypeIcon } from './marks.tsx';

type Props = {
  title: string;
  tasks: readonly Task[];
  empty: string;
  /** Beside the title. */
  change?: ReactNode;
  /** Below a task of the list. */
  more?: (task: Task) => ReactNode;
};

export function TaskList({ title, tasks, empty, change, more }: Props) {
  return (
    <section className="flex flex-col gap-2">
      <div className="flex items-center gap-2">
        <h2 className="text-sm">
          {title} {tasks.length > 0 && <span className="font-normal text-second">{tasks.length}</span>}
        </h2>
        {change}
      </div>
      {tasks.length === 0 && <p className="text-second">{empty}</p>}
      {tasks.length > 0 && (
        <ul className="panel overflow-hidden">
          {tasks.map((task) => (
            <li key={task.id} className="border-t border-line first:border-t-0">
              <Link
                to="/tasks/$id"
                params={{ id: task.id }}
                search={({ project }) => ({ project })}
                className="flex min-h-9 items-center gap-2 px-3 hover:bg-raised focus-visible:-outline-offset-2 max-md:min-h-11"
              >
                <TypeIcon type={task.type} />
                <span className="cut flex-1">{task.title}</span>
                <StatusTag status={task.status} />
              </Link>
              {more?.(task)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
