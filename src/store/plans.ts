import type { PlanAuthor } from '#src/domain/plan.ts';
import type { PlanVersion } from '#src/domain/task-plan.ts';
import type { Queryable } from '#src/store/database.ts';
import { desc, eq, sql } from '#src/store/drizzle.ts';
import { runs } from '#src/store/schema.ts';
import { plans } from '#src/store/schema-talk.ts';
import { setTaskPlan } from '#src/store/tasks.ts';
import { toIso } from '#src/store/time.ts';

/** The plan from now on. The same text again is no new version. */
export async function addPlan(tx: Queryable, taskId: string, text: string, author: PlanAuthor): Promise<void> {
  await setTaskPlan(tx, taskId, text); // first: its lock numbers the versions
  const [last] = await listPlans(tx, taskId);
  if (last?.text === text) return;
  await tx.insert(plans).values({ taskId, version: (last?.version ?? 0) + 1, text, author });
}

/** Newest first. */
export async function listPlans(db: Queryable, taskId: string): Promise<PlanVersion[]> {
  const rows = await db.select().from(plans).where(eq(plans.taskId, taskId)).orderBy(desc(plans.version));
  return rows.map(({ version, text, author, createdAt }) => ({
    version,
    text,
    author: author as PlanAuthor,
    createdAt: toIso(createdAt),
  }));
}

/** From here on the run works by the plan as it is, and nobody changes it. */
export async function notePlanTaken(tx: Queryable, adwId: string): Promise<void> {
  await tx
    .update(runs)
    .set({ planTakenAt: sql`coalesce(${runs.planTakenAt}, now())` })
    .where(eq(runs.adwId, adwId));
}
