import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Task } from '#src/domain/task.ts';
import { type Findable, findableText, findBest, longestWordOf, type Match } from '../palette.ts';
import { taskSearchQuery, tasksQuery } from '../queries.ts';
import { useProject } from './use-project.ts';

type FoundTask = Findable & { task: Task };

const most = 8;

/** Tasks that the words mean: of the open project first, then of the others, for which the server is asked. */
export function useFoundTasks(query: string): { found: Match<FoundTask>[]; isLooking: boolean; error: Error | null } {
  const { project, projects, isPending } = useProject();
  const isAsked = query.trim() !== '';
  const own = useQuery({
    ...tasksQuery(project?.id),
    enabled: projects.length > 0,
    staleTime: Number.POSITIVE_INFINITY, // live events say when to ask again
  });
  const others = useQuery({
    ...taskSearchQuery(longestWordOf(query)),
    enabled: isAsked && project !== undefined && projects.length > 1,
    placeholderData: (before) => before,
  });
  const mine = useMemo(() => (own.data ?? []).map(findable), [own.data]);
  const theirs = useMemo(
    () => (others.data ?? []).filter(({ projectId }) => projectId !== project?.id).map(findable),
    [others.data, project?.id],
  );
  const found = useMemo(() => {
    if (!isAsked) return [];
    const first = findBest(mine, query, most);
    return [...first, ...findBest(theirs, query, most - first.length)];
  }, [isAsked, mine, theirs, query]);
  return { found, isLooking: isPending || own.isLoading || others.isFetching, error: own.error ?? others.error };
}

const findable = (task: Task): FoundTask => ({ task, text: findableText(task.title, task.id) });
