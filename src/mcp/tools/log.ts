import { z } from 'zod';
import { ProjectId, TaskId } from '#src/domain/ids.ts';
import { LogLevel, LogLine, ProjectLogLine } from '#src/domain/log.ts';
import { LogAttempt, LogSource } from '#src/domain/log-facets.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { reads, tool } from '#src/mcp/tool.ts';

const selection = {
  phase: z.array(z.enum(phaseNames)).min(1).optional().describe('Only these phases.'),
  level: z.array(LogLevel).min(1).optional().describe('Only these levels.'),
  source: z.array(LogSource).min(1).optional().describe('Only what these said: agents, commands, Sentra itself.'),
  attempt: z
    .array(LogAttempt)
    .min(1)
    .optional()
    .describe('Only these attempts of their phase; 3 is the third and later.'),
  q: z.string().max(500).optional().describe('Only lines with this text.'),
  regex: z.boolean().optional().describe('q is a regular expression, as PostgreSQL has them.'),
  case: z.boolean().optional().describe('Upper and lower case differ in q.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Only lines from this time on.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Only lines before this time.'),
};

const getLogs = tool({
  name: 'get_logs',
  title: 'Read the log of a task',
  description:
    'Log lines of a task, oldest first: what agents said and did, output of commands, steps of Sentra. To go on, pass nextAfter as after. order desc gives the newest first. For what stands around a line, leave the other filters out and pass after and before.',
  input: z.object({
    taskId: TaskId,
    ...selection,
    after: z.number().int().min(0).optional().describe('Only lines with a higher seq.'),
    before: z.number().int().min(1).optional().describe('Only lines with a lower seq.'),
    limit: z.number().int().min(1).max(1000).default(200),
    order: z.enum(['asc', 'desc']).default('asc'),
  }),
  output: z.object({ items: z.array(z.object(LogLine.shape)), nextAfter: z.number().int() }),
  annotations: reads,
  run: (client, { taskId, ...query }) => client.listLogs({ params: { taskId }, query }),
});

const searchLogs = tool({
  name: 'search_logs',
  title: 'Search the logs of a project',
  description:
    'Log lines of all tasks of a project, newest first. To go on, pass nextBefore as before; null means that there are no more.',
  input: z.object({
    projectId: ProjectId,
    ...selection,
    before: z.string().max(100).optional().describe('nextBefore of an earlier answer.'),
    limit: z.number().int().min(1).max(1000).default(50),
  }),
  output: z.object({ items: z.array(z.object(ProjectLogLine.shape)), nextBefore: z.string().nullable() }),
  annotations: reads,
  run: (client, query) => client.searchLogs({ query }),
});

export const logTools = [getLogs, searchLogs];
