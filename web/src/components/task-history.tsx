import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Task } from '#src/domain/task.ts';
import { TaskProgress } from './task-progress.tsx';
import { TaskTimeline } from './task-timeline.tsx';

const views = { story: 'Story', timeline: 'Timeline' } as const;

/** How far a task is, told as a story or as a timeline. */
export function TaskHistory({ task }: { task: Task }) {
  const { view = 'story' } = useSearch({ from: '/shell/tasks/$id' });
  const navigate = useNavigate({ from: '/tasks/$id' });
  return (
    <>
      <fieldset className="flex flex-none gap-2 px-6 pt-3 max-md:px-4">
        <legend className="sr-only">How it is told</legend>
        {(Object.keys(views) as (keyof typeof views)[]).map((name) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={view === name}
            onClick={() => void navigate({ search: (before) => ({ ...before, view: name }), replace: true })}
          >
            {views[name]}
          </button>
        ))}
      </fieldset>
      {view === 'timeline' ? <TaskTimeline task={task} /> : <TaskProgress task={task} />}
    </>
  );
}
