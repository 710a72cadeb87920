/** What the routes of the analyst do. */
import type { Analyses } from '#src/analyst/analyses.ts';
import type { LogReader } from '#src/logs/log-reader.ts';
import type { Handlers } from '#src/server/api.ts';

type AnalysisHandlers = Pick<
  Handlers,
  | 'createAnalysis'
  | 'listAnalyses'
  | 'getAnalysis'
  | 'patchAnalysis'
  | 'approveAnalysis'
  | 'cancelAnalysis'
  | 'retryAnalysis'
  | 'listAnalysisLogs'
>;

export const createAnalysisHandlers = (analyses: Analyses, reader: LogReader): AnalysisHandlers => ({
  createAnalysis: ({ body }, { idempotencyKey }) => analyses.create(body, idempotencyKey),
  listAnalyses: async ({ query }) => ({ items: await analyses.list(query.projectId) }),
  getAnalysis: ({ params }) => analyses.get(params.id),
  patchAnalysis: ({ params, body }) => analyses.patch(params.id, body),
  approveAnalysis: async ({ params, body }) => ({ items: await analyses.approve(params.id, body) }),
  cancelAnalysis: ({ params }) => analyses.cancel(params.id),
  retryAnalysis: ({ params }) => analyses.retry(params.id),
  listAnalysisLogs: async ({ params, query }) => {
    await analyses.get(params.id);
    return reader.list(params.id, query);
  },
});
