/** The routes of the analyst: a specification in, a proposed graph of tasks out. */
import { z } from 'zod';
import { Analysis, AnalysisPatch, AnalysisSummary, NewAnalysis } from '#src/domain/analysis.ts';
import { items, route } from '#src/domain/api/route.ts';
import { AnalysisId, ProjectId } from '#src/domain/ids.ts';
import { LogLine, LogQuery } from '#src/domain/log.ts';
import { Task } from '#src/domain/task.ts';

const params = z.object({ id: AnalysisId });

export const analysisRoutes = {
  createAnalysis: route({
    method: 'post',
    path: '/api/analyses',
    summary:
      'Have an agent propose tasks for a specification, or for what the repository needs; an Idempotency-Key header makes a repeat harmless',
    status: 202,
    body: NewAnalysis,
    answer: Analysis,
  }),
  listAnalyses: route({
    method: 'get',
    path: '/api/analyses',
    summary: 'The analyses of a project, newest first',
    status: 200,
    query: z.object({ projectId: ProjectId }),
    answer: items(AnalysisSummary),
  }),
  getAnalysis: route({
    method: 'get',
    path: '/api/analyses/{id}',
    summary: 'One analysis, with its proposal and what is wrong with it',
    status: 200,
    params,
    answer: Analysis,
  }),
  patchAnalysis: route({
    method: 'patch',
    path: '/api/analyses/{id}',
    summary: 'Edit the proposal, before it is approved',
    status: 200,
    params,
    body: AnalysisPatch,
    answer: Analysis,
  }),
  approveAnalysis: route({
    method: 'post',
    path: '/api/analyses/{id}/approve',
    summary: 'Create the proposed tasks, all or nothing; with start they begin as their dependencies allow',
    status: 201,
    params,
    body: z.strictObject({ start: z.boolean().default(false), version: z.number().int().optional() }).prefault({}),
    answer: items(Task.extend({ key: z.string() })),
  }),
  cancelAnalysis: route({
    method: 'post',
    path: '/api/analyses/{id}/cancel',
    summary: 'End the analysis, or throw its proposal away',
    status: 200,
    params,
    answer: Analysis,
  }),
  retryAnalysis: route({
    method: 'post',
    path: '/api/analyses/{id}/retry',
    summary: 'Have it analyzed again; a proposal that there is goes',
    status: 202,
    params,
    answer: Analysis,
  }),
  listAnalysisLogs: route({
    method: 'get',
    path: '/api/analyses/{id}/logs',
    summary: 'What its agent says and does; nextAfter is the cursor of the next page',
    status: 200,
    params,
    query: LogQuery,
    answer: z.object({ items: z.array(LogLine.extend({ taskId: AnalysisId })), nextAfter: z.number().int() }),
  }),
} as const;
