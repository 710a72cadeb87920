/** A stretch of a run's time, as the timeline shows it and as traces carry it. */
import { z } from 'zod';
import { AdwId, TaskId } from '#src/domain/ids.ts';
import { LogLine } from '#src/domain/log.ts';
import { Run } from '#src/domain/run.ts';
import { RunStatus, WorkflowType } from '#src/domain/workflow.ts';

/**
 * `run` is the root. `phase`: attempts of one phase in a row. `attempt` holds its `session`s, which hold their `tool` calls, and the
 * project's own commands (`test`). `setup` makes the worktree fit to work in. `step`: a checkpointed unit. `wait`: time in which nothing
 * could happen: for a slot, a dependency, a limit, a person, or because Sentra was away. `merge` may follow the run.
 */
export const spanKinds = [
  'run',
  'phase',
  'attempt',
  'step',
  'session',
  'tool',
  'wait',
  'setup',
  'test',
  'merge',
] as const;
export type SpanKind = (typeof spanKinds)[number];

/** What a `wait` waits for; `interrupted` is nobody's choice: a process died or was stopped. */
export const waitCauses = ['start', 'dependency', 'slot', 'limit', 'budget', 'tests', 'person', 'interrupted'] as const;
export type WaitCause = (typeof waitCauses)[number];

export const Span = z
  .object({
    /** Unique within the run, and the same whenever it is asked for. */
    id: z.string(),
    parentId: z.string().nullable(),
    kind: z.enum(spanKinds),
    name: z.string(),
    startedAt: z.string(),
    /** Null while it goes on. */
    endedAt: z.string().nullable(),
    status: z.enum(['ok', 'error', 'running', 'cancelled']),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
    /** Of itself and all in it, in US dollars, null when unknown. */
    cost: z.object({ usd: z.number().nullable(), tokens: z.number().int() }).optional(),
    /** The first line of the task's log that belongs to it, or comes after its beginning. */
    line: z.number().int().nullable(),
  })
  .meta({ id: 'Span' });
export type Span = z.infer<typeof Span>;
export type SpanStatus = Span['status'];

/** As it is before more is known of it. */
export const newSpan = (
  kind: SpanKind,
  id: string,
  name: string,
  { startedAt, endedAt, parentId = rootId }: Pick<Span, 'startedAt' | 'endedAt'> & { parentId?: string },
): Span => ({ id, parentId, kind, name, startedAt, endedAt, status: 'ok', attributes: {}, line: null });

/** Attributes without those that are not known. */
export const known = (values: Record<string, Span['attributes'][string] | null | undefined>): Span['attributes'] =>
  Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, Span['attributes'][string]] => entry[1] != null && entry[1] !== '',
    ),
  );

/** Of the span of kind `run`. */
export const rootId = 'run';

export const RunHead = z.object({
  adwId: AdwId,
  workflowType: WorkflowType,
  status: RunStatus,
  createdAt: z.string(),
});

/** Spans are in the order in which they began, a parent before what is in it. Without a run there are only waits. */
export const Timeline = z
  .object({
    taskId: TaskId,
    run: Run.nullable(),
    /** All runs of the task, newest first. */
    runs: z.array(RunHead),
    spans: z.array(Span),
    /** There is more than can be told: what comes late in the run is left out. The log has all of it. */
    cut: z.boolean(),
    /** By the database's clock. */
    now: z.string(),
  })
  .meta({ id: 'Timeline' });
export type Timeline = z.infer<typeof Timeline>;

/** What happened in a run, one thing after the other; what programs printed is left out. */
export const ReplayPage = z.object({ items: z.array(LogLine), nextAfter: z.number().int().nullable() });
export type ReplayPage = z.infer<typeof ReplayPage>;
