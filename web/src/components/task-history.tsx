import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Task } from '#src/domain/task.ts';
import { TaskHooks } from './task-hooks.tsx';
import { TaskProgress } from './task-progress.tsx';
import { TaskSessions } from './task-sessions.tsx';
import { TaskTalk } from './task-talk.tsx';
import { TaskTimeline } from './task-timeline.tsx';

const views = { story: 'Story', timeline: 'Timeline', sessions: 'Sessions', hooks: 'Hooks' } as const;

/** How far a task is, told as a story or as a timeline; what its agents were told, and what their hooks told. */
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
      {view === 'timeline' && <TaskTimeline task={task} />}
      {view === 'sessions' && <TaskSessions id={task.id} />}
      {view === 'hooks' && <TaskHooks task={task} />}
      {view === 'story' && <TaskProgress task={task} />}
      {view === 'story' && <TaskTalk task={task} />}
    </>
  );
}
