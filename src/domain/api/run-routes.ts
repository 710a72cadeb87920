/** The routes of what happened in a run: its timeline, its replay, its export. */
import { z } from 'zod';
import { Download, route } from '#src/domain/api/route.ts';
import { AdwId, TaskId } from '#src/domain/ids.ts';
import { ReplayPage, Timeline } from '#src/domain/span.ts';

const runParams = z.object({ id: TaskId, adwId: AdwId });

export const exportFormats = ['json', 'otlp'] as const;

export const runRoutes = {
  getTimeline: route({
    method: 'get',
    path: '/api/tasks/{id}/timeline',
    summary:
      'What a run did when, as a tree of spans: phases, attempts, sessions, tool calls, tests, waits; the newest run unless one is named',
    status: 200,
    params: z.object({ id: TaskId }),
    query: z.object({ run: AdwId.optional() }),
    answer: Timeline,
  }),
  replayRun: route({
    method: 'get',
    path: '/api/tasks/{id}/runs/{adwId}/replay',
    summary:
      'What happened in a run in its order, without what programs printed; nextAfter is the cursor of the next page',
    status: 200,
    params: runParams,
    query: z.object({
      after: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(5000).default(1000),
    }),
    answer: ReplayPage,
  }),
  exportRun: route({
    method: 'get',
    path: '/api/tasks/{id}/runs/{adwId}/export',
    summary: 'All that is known of a run as one JSON file, or its spans as OpenTelemetry traces (OTLP/JSON)',
    status: 200,
    params: runParams,
    query: z.object({ format: z.enum(exportFormats).default('json') }),
    media: ['application/json'],
    answer: Download,
  }),
} as const;
