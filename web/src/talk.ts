/** What is said between people and agents, as queries: messages, plans, sessions with their prompts, what hooks told. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { HookDecision } from '#src/domain/hook.ts';
import { api } from './queries.ts';

export const messagesQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'messages'],
    queryFn: async ({ signal }) => (await api.listMessages({ params: { id } }, { signal })).items,
  });

export const planQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'plan'],
    queryFn: ({ signal }) => api.getPlan({ params: { id } }, { signal }),
  });

export const sessionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'sessions'],
    queryFn: async ({ signal }) => (await api.listSessions({ params: { id } }, { signal })).items,
  });

/** With its prompts; they never change. */
export const sessionQuery = (taskId: string, sessionId: string) =>
  queryOptions({
    queryKey: ['session-prompts', taskId, sessionId],
    queryFn: ({ signal }) => api.getSession({ params: { id: taskId, sessionId } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Newest first, page by page. What hooks tell is no event of the server: while an agent is at work it is asked for again. */
export const hookEventsQuery = (id: string, decision: HookDecision | undefined, isLive: boolean) =>
  infiniteQueryOptions({
    queryKey: ['task', id, 'hook-events', decision ?? 'all'],
    queryFn: ({ signal, pageParam: cursor }) =>
      api.listHookEvents({ params: { id }, query: { decision, cursor } }, { signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ nextCursor }) => (nextCursor === undefined ? undefined : Number(nextCursor)),
    refetchInterval: isLive ? 3_000 : false,
  });

export const promptsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['projects', projectId, 'prompts'],
    queryFn: async ({ signal }) => (await api.listPrompts({ params: { id: projectId } }, { signal })).items,
  });
