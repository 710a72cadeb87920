import { z } from 'zod';
import { planAuthors } from '#src/domain/plan.ts';

const PlanVersion = z.object({
  version: z.number().int(),
  text: z.string(),
  author: z.enum(planAuthors),
  createdAt: z.string(),
});
export type PlanVersion = z.infer<typeof PlanVersion>;

/** A task's plan as it stands, with those before it. */
export const TaskPlan = z
  .object({
    plan: z.string().nullable(),
    /** Newest first. */
    versions: z.array(PlanVersion),
    editable: z.boolean(),
    /** Why it cannot be edited now; null when it can. */
    reason: z.string().nullable(),
  })
  .meta({ id: 'TaskPlan' });
export type TaskPlan = z.infer<typeof TaskPlan>;
