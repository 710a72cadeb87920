/** The page's only way to the server: what is asked for, under which key. Live events invalidate these keys. */
import { MutationCache, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query';
import { createClient } from '#src/client/client.ts';
import type { CostGrouping } from '#src/domain/cost.ts';
import type { LogLine } from '#src/domain/log.ts';
import type { Run } from '#src/domain/run.ts';
import type { ReplayPage } from '#src/domain/span.ts';
import type { Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';

export const api = createClient({ url: '' });

/** 'out' once the server has answered 401 to anything. */
export const sessionQuery = queryOptions<'in' | 'out'>({
  queryKey: ['session'],
  queryFn: () => 'in',
  initialData: 'in',
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
});

export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: async ({ signal }) => (await api.listProjects(undefined, { signal })).items,
});

/** With what its worktrees lack. */
export const projectQuery = (id: string) =>
  queryOptions({
    queryKey: ['projects', id],
    queryFn: ({ signal }) => api.getProject({ params: { id } }, { signal }),
  });

/** What its repository brings for agents. */
export const trustQuery = (id: string) =>
  queryOptions({
    queryKey: ['projects', id, 'trust'],
    queryFn: ({ signal }) => api.getTrust({ params: { id } }, { signal }),
  });

export const templatesQuery = queryOptions({
  queryKey: ['templates'],
  queryFn: async ({ signal }) => (await api.listTemplates(undefined, { signal })).items,
});

/** All tasks of a project, or of all projects. */
export const tasksQuery = (projectId: string | undefined) =>
  queryOptions({
    queryKey: ['tasks', projectId ?? 'all'],
    queryFn: async ({ signal }) => {
      const tasks: Task[] = [];
      let cursor: string | undefined;
      do {
        const page = await api.listTasks({ query: { projectId, limit: 1000, cursor } }, { signal });
        tasks.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor);
      return tasks;
    },
  });

/** Tasks of all projects with this text in them; not all where there are very many. */
export const taskSearchQuery = (q: string) =>
  queryOptions({
    queryKey: ['tasks', 'search', q],
    queryFn: async ({ signal }) =>
      (await api.listTasks({ query: { q: q.slice(0, 200), limit: 200 } }, { signal })).items,
  });

/** Newest first. */
export const analysesQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['analyses', projectId],
    queryFn: async ({ signal }) => (await api.listAnalyses({ query: { projectId } }, { signal })).items,
  });

export const analysisQuery = (id: string) =>
  queryOptions({
    queryKey: ['analyses', 'one', id],
    queryFn: ({ signal }) => api.getAnalysis({ params: { id } }, { signal }),
  });

const latestLines = 200;

/** The latest of what its agent says, in order; while it works there is more every second. */
export const analysisLogsQuery = (id: string, isActive: boolean) =>
  queryOptions({
    queryKey: ['analyses', 'one', id, 'logs'],
    queryFn: async ({ signal }) => {
      const query = { order: 'desc', limit: latestLines } as const;
      return (await api.listAnalysisLogs({ params: { id }, query }, { signal })).items.reverse();
    },
    refetchInterval: isActive ? 1_000 : false,
  });

/** What merges next in a project, then what was refused. */
export const mergeQueueQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['merges', projectId],
    queryFn: async ({ signal }) => (await api.listMergeQueue({ query: { projectId } }, { signal })).items,
  });

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id],
    queryFn: ({ signal }) => api.getTask({ params: { id } }, { signal }),
  });

export const runsQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'runs'],
    queryFn: async ({ signal }) => (await api.listRuns({ params: { id } }, { signal })).items,
  });

export const whyQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'why'],
    queryFn: ({ signal }) => api.getWhy({ params: { id } }, { signal }),
  });

export const evidenceQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'evidence'],
    queryFn: async ({ signal }) => (await api.listEvidence({ params: { id } }, { signal })).items,
  });

export const environmentQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'environment'],
    queryFn: ({ signal }) => api.getEnvironment({ params: { id } }, { signal }),
  });

export const devServersQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'dev-servers'],
    queryFn: async ({ signal }) => (await api.listDevServers({ params: { id } }, { signal })).items,
  });

export const logCountQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'log-count'],
    queryFn: async ({ signal }) => (await api.getLogSummary({ params: { taskId: id }, query: {} }, { signal })).total,
  });

/** Of the newest run, unless one is named. */
export const timelineQuery = (id: string, run: string | undefined) =>
  queryOptions({
    queryKey: ['task', id, 'timeline', run ?? ''],
    queryFn: ({ signal }) => api.getTimeline({ params: { id }, query: { run } }, { signal }),
    placeholderData: (before) => before,
  });

const mostMoments = 20_000;

/** What happened in a run, page by page; one that has ended is read once. */
export const replayQuery = (id: string, { adwId, status }: Pick<Run, 'adwId' | 'status'>) =>
  queryOptions({
    queryKey: ['replay', id, adwId, status],
    queryFn: async ({ signal }) => {
      const moments: LogLine[] = [];
      for (let after: number | null = 0; after !== null && moments.length < mostMoments; ) {
        const input = { params: { id, adwId }, query: { after, limit: 5000 } };
        const page: ReplayPage = await api.replayRun(input, { signal });
        moments.push(...page.items);
        after = page.nextAfter;
      }
      return moments;
    },
  });

export const diffQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'diff'],
    queryFn: ({ signal }) => api.getDiff({ params: { id } }, { signal }),
  });

export const pullRequestQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id, 'pull-request'],
    queryFn: ({ signal }) => api.getPullRequest({ params: { id } }, { signal }),
  });

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => api.getSystem(undefined, { signal }),
  refetchInterval: 15_000,
});

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: async ({ signal }) => (await api.listAgents(undefined, { signal })).items,
  refetchInterval: 60_000,
});

/** What runs takes changes from moment to moment, without an event. */
export const resourcesQuery = queryOptions({
  queryKey: ['resources'],
  queryFn: ({ signal }) => api.getResources(undefined, { signal }),
  refetchInterval: 5_000,
});

export const worktreesQuery = queryOptions({
  queryKey: ['worktrees'],
  queryFn: async ({ signal }) => (await api.listWorktrees(undefined, { signal })).items,
});

/** Open ones only; one turns half open by time alone, without an event. */
export const breakersQuery = queryOptions({
  queryKey: ['breakers'],
  queryFn: async ({ signal }) => (await api.listBreakers(undefined, { signal })).items,
  refetchInterval: ({ state }) => (state.data?.length ? 15_000 : false),
});

/** What is spent and what may be; while agents are at work it grows between events. */
export const costsQuery = (query: { projectId: string | undefined; by: CostGrouping; since: string | undefined }) =>
  queryOptions({
    queryKey: ['costs', 'sums', query],
    queryFn: ({ signal }) => api.getCosts({ query }, { signal }),
    refetchInterval: 15_000,
  });

export const budgetQuery = (query: { projectId: string | undefined }) =>
  queryOptions({
    queryKey: ['costs', 'budget', query],
    queryFn: ({ signal }) => api.getBudget({ query }, { signal }),
    refetchInterval: 15_000,
  });

export const pricesQuery = (projectId: string | undefined) =>
  queryOptions({
    queryKey: ['costs', 'prices', projectId ?? 'all'],
    queryFn: async ({ signal }) => (await api.listPrices({ query: { projectId } }, { signal })).items,
  });

/** One that dies says nothing: it is not heard of any more. */
export const workersQuery = queryOptions({
  queryKey: ['workers'],
  queryFn: async ({ signal }) => (await api.listWorkers(undefined, { signal })).items,
  refetchInterval: 10_000,
});

/** Refusals are answers, not accidents: only an unreachable server is asked again. */
export function createQueryClient(): QueryClient {
  const onError = (error: unknown) => {
    if (codeOf(error) === 'unauthorized') queryClient.setQueryData(sessionQuery.queryKey, 'out');
  };
  const queryClient: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // Sentra is on this machine or near it: whether the browser thinks that it has the Internet says nothing of it.
      mutations: { networkMode: 'always' },
      queries: {
        networkMode: 'always',
        staleTime: 30_000,
        retry: (count, error) => count < 3 && codeOf(error) === 'server_unavailable',
      },
    },
  });
  return queryClient;
}

export const codeOf = (error: unknown) => (error instanceof SentraError ? error.code : undefined);
