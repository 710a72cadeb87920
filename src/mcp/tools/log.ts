import { z } from 'zod';
import { TaskId } from '#src/domain/ids.ts';
import { LogLevel, LogLine } from '#src/domain/log.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { reads, tool } from '#src/mcp/tool.ts';

const getLogs = tool({
  name: 'get_logs',
  title: 'Read the log of a task',
  description:
    'Log lines of a task, oldest first: what agents said and did, output of commands, steps of Sentra. To go on, pass nextAfter as after. order desc gives the newest first.',
  input: z.object({
    taskId: TaskId,
    phase: z.array(z.enum(phaseNames)).min(1).optional().describe('Only these phases.'),
    level: z.array(LogLevel).min(1).optional().describe('Only these levels.'),
    q: z.string().max(500).optional().describe('Only lines with this text.'),
    after: z.number().int().min(0).optional().describe('Only lines with a higher seq.'),
    before: z.number().int().min(1).optional().describe('Only lines with a lower seq.'),
    limit: z.number().int().min(1).max(1000).default(200),
    order: z.enum(['asc', 'desc']).default('asc'),
  }),
  output: z.object({ items: z.array(z.object(LogLine.shape)), nextAfter: z.number().int() }),
  annotations: reads,
  run: (client, { taskId, ...query }) => client.listLogs({ params: { taskId }, query }),
});

export const logTools = [getLogs];
