/** A task's log for as long as a component shows it, and what is known of it. */
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { LogSelection } from '#src/domain/log.ts';
import { type LogFacts, LogSource } from '../log-source.ts';

/** Another source for another selection. */
export function useLogSource(taskId: string, selection: LogSelection): LogSource {
  const key = JSON.stringify(selection);
  const source = useMemo(() => new LogSource(taskId, JSON.parse(key) as LogSelection), [taskId, key]);
  useEffect(() => {
    source.start();
    return () => source.stop();
  }, [source]);
  return source;
}

export const useLogFacts = (source: LogSource): LogFacts => useSyncExternalStore(source.onFacts, source.getFacts);

/** Changes with each frame in which lines came. */
export const useLogVersion = (source: LogSource): number => useSyncExternalStore(source.onLines, source.getVersion);
