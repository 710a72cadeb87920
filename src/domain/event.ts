import { z } from 'zod';

export const eventTypes = [
  'project.added',
  'project.changed',
  'project.removed',
  'task.created',
  'task.changed',
  'run.changed',
  'run.taken',
  'phase.changed',
  'pull_request.changed',
  'evidence.added',
  'worktree.changed',
  'breaker.changed',
  'worker.changed',
  'host.changed',
  'dev_server.changed',
  'logs.removed',
  'cost.changed',
  'message.changed',
  'plan.changed',
  'budget.changed',
  'budget.warning',
  'analysis.changed',
] as const;

/** A numbered, immutable fact. `id` counts from 1 without gaps, in the order in which the facts became visible. */
export const Event = z
  .object({
    id: z.number().int(),
    type: z.enum(eventTypes),
    projectId: z.string().nullable(),
    taskId: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
    timestamp: z.string(),
  })
  .meta({ id: 'Event' });
export type Event = z.infer<typeof Event>;
export type EventType = Event['type'];
