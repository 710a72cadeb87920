import { useQuery } from '@tanstack/react-query';
import { formatBytes, plural } from '../format.ts';
import { worktreesQuery } from '../queries.ts';
import { Panel } from '../ui/panel.tsx';

/** Worktrees that no task has yet; nothing where there is none. */
export function PreparedAhead() {
  // They are made in the background, without an event.
  const { data: worktrees = [] } = useQuery({ ...worktreesQuery, refetchInterval: 30_000 });
  const pooled = worktrees.filter(({ taskId }) => taskId === null);
  if (pooled.length === 0) return null;
  return (
    <Panel title="Prepared ahead" note={plural(pooled.length, 'worktree')}>
      <ul>
        {pooled.map(({ path, reason, state, bytes }) => (
          <li key={path} className="flex flex-col gap-1 border-t border-line px-4 py-2.5 first:border-t-0">
            <span className="flex items-center gap-3">
              <span className="mono min-w-0 flex-1 wrap-anywhere">{path}</span>
              {state !== 'ready' && <span className="tag">{state}</span>}
              <span className="w-20 flex-none text-right">{bytes === null ? '–' : formatBytes(bytes)}</span>
            </span>
            <span className="text-xs text-second">{reason}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
