import { Link } from '@tanstack/react-router';
import type { Task } from '#src/domain/task.ts';
import { formatClock } from '../format.ts';
import type { Told } from '../home.ts';
import { Panel } from '../ui/panel.tsx';

/** Newest first; `find` answers the task that an event is about, undefined where it is not among those shown. */
export function LatestEvents({ told, find }: { told: readonly Told[]; find: (id: string) => Task | undefined }) {
  return (
    <Panel title="Latest events">
      {told.length === 0 && (
        <p className="p-4 text-second">Nothing has happened yet. Start a task, and it is told here.</p>
      )}
      <ol className="py-1 empty:hidden">
        {told.map(({ id, at, taskId, tone, text }) => (
          <li key={id}>
            <Link
              to="/tasks/$id"
              params={{ id: taskId }}
              search={({ project }) => ({ project, tab: 'progress' as const })}
              className="latest hover:bg-raised focus-visible:-outline-offset-2 max-md:min-h-11"
            >
              <time dateTime={at} className="text-xs text-second">
                {formatClock(at)}
              </time>
              <span className="dot" data-tone={tone === 'quiet' ? undefined : tone} />
              <span className="cut">{find(taskId)?.title ?? taskId}</span>
              <span className="text-xs text-second">{text}</span>
            </Link>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
