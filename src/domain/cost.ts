/** What was spent, as the API tells it: sums that say when they are only "at least", and whose word they are. */
import { z } from 'zod';
import { BudgetLimits, BudgetMeter, budgetPeriods } from '#src/domain/budget.ts';
import { Forecast } from '#src/domain/forecast.ts';
import { ProjectId, TaskId } from '#src/domain/ids.ts';

export const costGroupings = ['task', 'phase', 'agent', 'model', 'day', 'month', 'project', 'session'] as const;
export type CostGrouping = (typeof costGroupings)[number];

const count = z.number().int();

export const CostSum = z.object({
  /** US dollars; null as soon as a part has no price: the sum is then at least `knownUsd`. */
  costUsd: z.number().nullable(),
  knownUsd: z.number(),
  /** Of `knownUsd`: what agents said themselves, and what was reckoned from tokens and prices. */
  agentUsd: z.number(),
  pricesUsd: z.number(),
  tokens: z.object({ input: count, output: count, cacheRead: count, cacheWrite: count }),
  sessions: count,
  unknownSessions: count,
});
export type CostSum = z.infer<typeof CostSum>;

/** `key`: the task's id, the phase, the day as 2026-11-21 and so on; '' for a model that nobody named. */
export const CostItem = CostSum.extend({ key: z.string(), title: z.string().nullable() });
export type CostItem = z.infer<typeof CostItem>;

/** A day as 2026-11-21 begins at midnight UTC. */
const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })])
  .meta({ description: 'ISO 8601: a day, which begins at midnight UTC, or a moment' });

export const CostQuery = z.object({
  projectId: ProjectId.optional(),
  since: moment.optional(),
  until: moment.optional(),
  by: z.enum(costGroupings).default('task'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export type CostQuery = z.infer<typeof CostQuery>;

export const Costs = z
  .object({
    total: CostSum,
    by: z.enum(costGroupings),
    items: z.array(CostItem),
    /** What limits the project, or all of them. */
    budgets: z.array(BudgetMeter),
    /** Of one project; null for all of them. */
    forecast: Forecast.nullable(),
  })
  .meta({ id: 'Costs' });
export type Costs = z.infer<typeof Costs>;

/** Whose: a task's, a project's, or the server's where neither is named. */
export const BudgetOwner = z.object({ projectId: ProjectId.optional(), taskId: TaskId.optional() });
export type BudgetOwner = z.infer<typeof BudgetOwner>;

export const Budget = z
  .object({
    /** What was set here. */
    limits: BudgetLimits,
    /** What sentra.json says; empty but for a project. */
    file: BudgetLimits,
    meters: z.array(BudgetMeter),
  })
  .meta({ id: 'Budget' });
export type Budget = z.infer<typeof Budget>;

const limit = BudgetLimits.shape.taskUsd.unwrap().nullable().optional();

/** Null takes a limit away; what is left out stays. */
export const BudgetPatch = z
  .strictObject({
    projectId: ProjectId.optional(),
    taskId: TaskId.optional(),
    sessionUsd: limit,
    taskUsd: limit,
    dayUsd: limit,
    monthUsd: limit,
  })
  .refine(({ projectId, taskId }) => !(projectId && taskId), {
    path: ['taskId'],
    message: 'a budget is of a project or of a task, not of both',
  })
  .refine(({ taskId, dayUsd, monthUsd }) => !taskId || (dayUsd === undefined && monthUsd === undefined), {
    path: ['taskId'],
    message: 'a task has a budget as a whole and for a session; days and months are of projects and of the server',
  })
  .refine((patch) => budgetPeriods.some((period) => patch[`${period}Usd`] !== undefined), {
    message: 'name at least one limit: sessionUsd, taskUsd, dayUsd or monthUsd',
  });
export type BudgetPatch = z.infer<typeof BudgetPatch>;
