/** The routes of logs. */
import { z } from 'zod';
import { Download, route } from '#src/domain/api/route.ts';
import { TaskId } from '#src/domain/ids.ts';
import {
  LogDownload,
  LogLine,
  LogQuery,
  LogSummary,
  LogSummaryQuery,
  ProjectLogLine,
  ProjectLogQuery,
  RawQuery,
} from '#src/domain/log.ts';

const params = z.object({ taskId: TaskId });

export const logRoutes = {
  listLogs: route({
    method: 'get',
    path: '/api/logs/{taskId}',
    summary: 'Log lines of a task; nextAfter is the cursor of the next page',
    status: 200,
    params,
    query: LogQuery,
    answer: z.object({ items: z.array(LogLine), nextAfter: z.number().int() }),
  }),
  getLogSummary: route({
    method: 'get',
    path: '/api/logs/{taskId}/summary',
    summary: 'How many log lines of a task there are, and of each phase and level',
    status: 200,
    params,
    query: LogSummaryQuery,
    answer: LogSummary,
  }),
  downloadLogs: route({
    method: 'get',
    path: '/api/logs/{taskId}/download',
    summary: 'Log lines of a task as one file, of text or of one JSON object a line',
    status: 200,
    params,
    query: LogDownload,
    media: ['text/plain', 'application/jsonl'],
    answer: Download,
  }),
  downloadRaw: route({
    method: 'get',
    path: '/api/logs/{taskId}/raw',
    summary: 'What the programs of a task wrote, byte for byte but for secrets: of a session, of phases, of one stream',
    status: 200,
    params,
    query: RawQuery,
    media: ['application/octet-stream'],
    answer: Download,
  }),
  getWholeLine: route({
    method: 'get',
    path: '/api/logs/{taskId}/lines/{seq}/whole',
    summary: 'All of a line that was cut, or the bytes that a line about binary output stands for',
    status: 200,
    params: params.extend({ seq: z.coerce.number().int().min(1) }),
    media: ['text/plain', 'application/octet-stream'],
    answer: Download,
  }),
  searchLogs: route({
    method: 'get',
    path: '/api/logs',
    summary:
      'Log lines of all tasks of a project, newest first; nextBefore goes on where the search stopped, null at its end',
    status: 200,
    query: ProjectLogQuery,
    answer: z.object({ items: z.array(ProjectLogLine), nextBefore: z.string().nullable() }),
  }),
} as const;
