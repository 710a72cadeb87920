import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ExternalLink, Play, Square } from 'lucide-react';
import { type DevServer, isUp } from '#src/domain/dev-server.ts';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { devServerPath } from '../paths.ts';
import { api, devServersQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

/** Of the dot that stands before it. */
export const devTones = { starting: 'run', ready: 'ok', unhealthy: 'warn', failed: 'err', stopped: undefined } as const;

/** The task's dev servers: how each is, where it is seen, and start and stop. Nothing where the project defines none. */
export function TaskDevServers({ task }: { task: Task }) {
  const { data: servers = [] } = useQuery({ ...devServersQuery(task.id), enabled: task.worktreePath !== null });
  const action = useDevServers(task.id);
  if (task.worktreePath === null || servers.length === 0) return null;
  const anyUp = servers.some(({ state }) => isUp(state));
  const allUp = servers.every(({ state }) => isUp(state));
  const why = action.isPending ? 'the last request is not answered yet' : undefined;
  return (
    <section aria-label="Dev servers">
      <h2>Dev servers</h2>
      {servers.map((server) => (
        <OneServer key={server.name} taskId={task.id} server={server} />
      ))}
      <div className="grid grid-cols-2 gap-2">
        <Button
          why={why ?? (allUp ? 'it runs already' : undefined)}
          onClick={() => action.mutate('start')}
          aria-label="Start dev servers"
        >
          <Play aria-hidden="true" />
          Start
        </Button>
        <Button
          why={why ?? (anyUp ? undefined : 'none runs')}
          onClick={() => action.mutate('stop')}
          aria-label="Stop dev servers"
        >
          <Square aria-hidden="true" />
          Stop
        </Button>
      </div>
      {action.isError && <Notice tone="err">{messageOf(action.error)}</Notice>}
    </section>
  );
}

function OneServer({ taskId, server }: { taskId: string; server: DevServer }) {
  const { name, state, url, message } = server;
  return (
    <div className="flex flex-col gap-1">
      <p className="flex items-center gap-2">
        <span className="dot" data-tone={devTones[state]} />
        <span className="font-medium">{name}</span>
        <span className="text-second">{state}</span>
      </p>
      {url && (
        <a
          className="mono flex items-start gap-1.5 wrap-anywhere underline decoration-line-2 underline-offset-2 hover:decoration-fg"
          href={devServerPath(taskId, name)}
          target="_blank"
          rel="noopener noreferrer"
        >
          <span className="min-w-0">{url.replace(/^http:\/\/|\/$/g, '')}</span>
          <ExternalLink aria-hidden="true" className="mt-1 size-3.5 flex-none" />
        </a>
      )}
      {message && (
        <p className="max-h-40 overflow-y-auto text-xs whitespace-pre-wrap text-second wrap-anywhere">{message}</p>
      )}
    </div>
  );
}

function useDevServers(id: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (what: 'start' | 'stop') =>
      (what === 'start' ? api.startDevServers : api.stopDevServers)({ params: { id }, body: {} }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['task', id] }),
  });
}
