import { z } from 'zod';
import { AdwId, TaskId } from '#src/domain/ids.ts';
import { PhaseName, phaseNames } from '#src/domain/phase.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export const LogLevel = z.enum(logLevels);
export type LogLevel = z.infer<typeof LogLevel>;

/**
 * What a line is about, so that a page can show it as more than text: `message` an agent's words, `thinking`,
 * `tool_call`, `tool_result`, `output` of a command, `step` what Sentra itself did, `agent` start and end of a session.
 */
export const logKinds = ['message', 'thinking', 'tool_call', 'tool_result', 'output', 'step', 'agent'] as const;

export const LogMetadata = z.looseObject({
  kind: z.enum(logKinds).optional(),
  agentName: z.string().optional(),
  toolUsed: z.string().optional(),
  /** Milliseconds. */
  duration: z.number().optional(),
  error: z.string().optional(),
});
export type LogMetadata = z.infer<typeof LogMetadata>;

/** One line for people. `seq` counts from 1 within the task, without gaps, in the order of acceptance. */
export const LogLine = z
  .object({
    seq: z.number().int(),
    taskId: TaskId,
    adwId: AdwId.nullable(),
    phase: z.enum(phaseNames).nullable(),
    level: LogLevel,
    message: z.string(),
    metadata: LogMetadata,
    timestamp: z.string(),
  })
  .meta({ id: 'LogLine' });
export type LogLine = z.infer<typeof LogLine>;

/** `phase` and `level` take several values separated by commas. `after` and `before` are sequence numbers, exclusive. */
export const LogQuery = z.object({
  phase: list(PhaseName).optional(),
  level: list(LogLevel).optional(),
  q: z.string().max(500).optional(),
  after: z.coerce.number().int().min(0).optional(),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  order: z.enum(['asc', 'desc']).default('asc'),
});
export type LogQuery = z.infer<typeof LogQuery>;

/** The part of a query that a live stream can honour line by line. */
export const LogFilter = LogQuery.pick({ phase: true, level: true, after: true });
export type LogFilter = z.infer<typeof LogFilter>;

export const matchesFilter = (line: LogLine, filter: Pick<LogFilter, 'phase' | 'level'>): boolean =>
  (!filter.phase || (line.phase !== null && filter.phase.includes(line.phase))) &&
  (!filter.level || filter.level.includes(line.level));

function list<T extends z.ZodType>(item: T) {
  return z.preprocess(
    (v) => (typeof v === 'string' ? v.split(',').map((part) => part.trim()) : v),
    z.array(item).min(1),
  ) as z.ZodType<z.infer<T>[]>;
}
