/** A task's log and nothing else. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChevronLeft } from 'lucide-react';
import { useCallback } from 'react';
import { messageOf } from '#src/errors.ts';
import { LogView } from '../components/log-view.tsx';
import { StatusTag } from '../components/marks.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { useShortcuts } from '../hooks/use-shortcuts.ts';
import type { LogChoice } from '../log-choice.ts';
import { taskQuery } from '../queries.ts';
import { Notice } from '../ui/notice.tsx';

export function LogsPage() {
  const { id } = useParams({ from: '/shell/tasks/$id/logs' });
  const { project, ...choice } = useSearch({ from: '/shell/tasks/$id/logs' });
  const navigate = useNavigate({ from: '/tasks/$id/logs' });
  const task = useQuery(taskQuery(id));
  const change = useCallback(
    (next: LogChoice) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }),
    [navigate],
  );
  useShortcuts({ esc: () => void navigate({ to: '/tasks/$id', params: { id }, search: { project, tab: 'logs' } }) });
  return (
    <>
      <title>{`Logs · ${task.data?.title ?? id} · Sentra`}</title>
      <TopBar>
        <Link
          to="/tasks/$id"
          params={{ id }}
          search={{ project, tab: 'logs' }}
          aria-label="Back to the task"
          className="-ml-2 grid size-11 flex-none place-items-center text-second hover:text-fg"
        >
          <ChevronLeft aria-hidden="true" />
        </Link>
        <h1 className="cut text-base">{task.data?.title ?? id}</h1>
        {task.data && <StatusTag status={task.data.status} until={task.data.waitsFor?.until ?? undefined} />}
      </TopBar>
      {task.isError ? (
        <div className="p-4">
          <Notice tone="err">{messageOf(task.error)}</Notice>
        </div>
      ) : (
        <LogView key={id} taskId={id} choice={choice} onChoice={change} isPage />
      )}
    </>
  );
}
