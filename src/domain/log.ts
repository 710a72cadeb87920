import { z } from 'zod';
import { AdwId, ProjectId, TaskId } from '#src/domain/ids.ts';
import { type FacetChoice, facetsOf, isChosen, LogAttempt, LogSource } from '#src/domain/log-facets.ts';
import { PhaseName, phaseNames } from '#src/domain/phase.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export const LogLevel = z.enum(logLevels);
export type LogLevel = z.infer<typeof LogLevel>;

/**
 * What a line is about, so that a page can show it as more than text: `message` an agent's words, `thinking`,
 * `tool_call`, `tool_result`, `output` of a command, `step` what Sentra itself did, `agent` start and end of a session.
 */
export const logKinds = ['message', 'thinking', 'tool_call', 'tool_result', 'output', 'step', 'agent'] as const;

/** `messages`: an agent's own records, one JSON object a line. */
export const rawStreams = ['stdout', 'stderr', 'messages'] as const;
export type RawStream = (typeof rawStreams)[number];

/** Bytes of one stream of a session. */
export const RawRange = z.object({
  session: z.string().max(100),
  stream: z.enum(rawStreams),
  start: z.coerce.number().int().min(0),
  bytes: z.coerce.number().int().min(1),
});

export const LogMetadata = z.looseObject({
  kind: z.enum(logKinds).optional(),
  agentName: z.string().optional(),
  toolUsed: z.string().optional(),
  /** Of its phase in its run, from 1. */
  attempt: z.number().int().optional(),
  /** Milliseconds. */
  duration: z.number().optional(),
  error: z.string().optional(),
  /** The line was cut: all of it has so many bytes. */
  whole: z.object({ bytes: z.number() }).optional(),
  /** It stands for bytes that are no text, which are there. */
  binary: z.object({ bytes: z.number() }).optional(),
  raw: RawRange.optional(),
  /** From here on the phase waits: for a place among the test commands of this host. */
  wait: z.literal('tests').optional(),
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

/** Which lines: `phase`, `level`, `source` and `attempt` take several values separated by commas; times are ISO 8601, `until` exclusive. */
const filter = {
  phase: list(PhaseName).optional(),
  level: list(LogLevel).optional(),
  source: list(LogSource).optional(),
  attempt: list(LogAttempt).optional(),
  /** A text that the message contains or, with `regex`, a regular expression as PostgreSQL has them. */
  q: z.string().max(500).optional(),
  regex: flag().optional(),
  /** Whether upper and lower case differ; they do not unless it is asked for. */
  case: flag().optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
};

/** `after` and `before` are sequence numbers, exclusive. `offset` passes over so many matching lines first. */
export const LogQuery = z.object({
  ...filter,
  after: z.coerce.number().int().min(0).optional(),
  before: z.coerce.number().int().min(1).optional(),
  offset: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  order: z.enum(['asc', 'desc']).default('asc'),
});
export type LogQuery = z.infer<typeof LogQuery>;

/** What a summary counts and a download contains. */
export const LogSelection = z.object(filter);
export type LogSelection = z.infer<typeof LogSelection>;

/** With `before` only lines with smaller numbers count, so that `matched` is the place of that line among those of the selection. */
export const LogSummaryQuery = LogSelection.extend({ before: z.coerce.number().int().min(1).optional() });
export type LogSummaryQuery = z.infer<typeof LogSummaryQuery>;

/** What a live stream sends: stored lines from `after` on, then new ones. */
export const LogFilter = LogQuery.pick({
  phase: true,
  level: true,
  source: true,
  attempt: true,
  q: true,
  regex: true,
  case: true,
  after: true,
});
export type LogFilter = z.infer<typeof LogFilter>;

/**
 * How many lines there are. Each count of a phase holds for every other part of the selection but the phases, and so with the
 * others, as a list of choices shows them. Lines of no phase or attempt are counted under `-`.
 */
export const LogSummary = z
  .object({
    /** 0 where there is no line. */
    firstSeq: z.number().int(),
    lastSeq: z.number().int(),
    total: z.number().int(),
    matched: z.number().int(),
    byPhase: z.record(z.string(), z.number().int()),
    byLevel: z.record(z.string(), z.number().int()),
    bySource: z.record(z.string(), z.number().int()),
    byAttempt: z.record(z.string(), z.number().int()),
    /** What retention took away. */
    removed: z.object({ lines: z.number().int(), at: z.string() }).nullable(),
  })
  .meta({ id: 'LogSummary' });
export type LogSummary = z.infer<typeof LogSummary>;

/** `before` is what an earlier answer called `nextBefore`. */
export const ProjectLogQuery = z.object({
  ...filter,
  projectId: ProjectId,
  before: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});
export type ProjectLogQuery = z.infer<typeof ProjectLogQuery>;

/** A line of one of a project's tasks. */
export const ProjectLogLine = LogLine.extend({ taskTitle: z.string() }).meta({ id: 'ProjectLogLine' });
export type ProjectLogLine = z.infer<typeof ProjectLogLine>;

export const logFormats = ['text', 'jsonl'] as const;
export const LogDownload = LogSelection.extend({ format: z.enum(logFormats).default('text') });

/** What programs wrote: all of it, or that of phases, of one session, of one stream, or bytes of that. */
export const RawQuery = RawRange.partial().extend({ phase: list(PhaseName).optional() });
export type RawQuery = z.infer<typeof RawQuery>;

export const matchesFilter = (line: LogLine, filter: FacetChoice): boolean => isChosen(facetsOf(line), filter);

function list<T extends z.ZodType>(item: T) {
  return z.preprocess(
    (v) => (typeof v === 'string' ? v.split(',').map((part) => part.trim()) : v),
    z.array(item).min(1),
  ) as z.ZodType<z.infer<T>[]>;
}

/** A yes or no, also as an address carries it. */
function flag() {
  const words: Record<string, boolean> = { true: true, '1': true, false: false, '0': false };
  return z.preprocess((v) => (typeof v === 'string' ? (words[v] ?? v) : v), z.boolean()) as z.ZodType<boolean>;
}
