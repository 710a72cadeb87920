/** When somebody looks at a project's forge, and how it went. Who leases the row looks alone. */
import { and, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { Queryable } from '#src/store/database.ts';
import { forgePolls, webhookDeliveries } from '#src/store/schema-forge.ts';

/** Longer than a look takes; one that died leaves the project to the next. */
const leaseSeconds = 120;

/** Somebody looks as soon as possible. */
export async function pollSoon(tx: Queryable, projectId: string): Promise<void> {
  await tx
    .insert(forgePolls)
    .values({ projectId })
    .onConflictDoUpdate({ target: forgePolls.projectId, set: { dueAt: sql`least(${forgePolls.dueAt}, now())` } });
}

/** Takes what is due: nobody else gets it before it is ended, or the lease is over. Rows that another one takes at this moment are left to it. */
export async function takeDuePolls(db: Queryable): Promise<string[]> {
  const due = db
    .select({ id: forgePolls.projectId })
    .from(forgePolls)
    .where(
      and(
        lte(forgePolls.dueAt, sql`now()`),
        or(isNull(forgePolls.leasedUntil), lt(forgePolls.leasedUntil, sql`now()`)),
      ),
    )
    .for('update', { skipLocked: true });
  const leased = sql`now() + make_interval(secs => ${leaseSeconds})`;
  const rows = await db
    .update(forgePolls)
    .set({ dueAt: leased, leasedUntil: leased })
    .where(inArray(forgePolls.projectId, due))
    .returning({ id: forgePolls.projectId });
  return rows.map(({ id }) => id);
}

/** `afterMs`: until the next look, `problem`: why this one failed. What became due meanwhile stays so. */
export async function endPoll(
  tx: Queryable,
  projectId: string,
  { afterMs, problem }: { afterMs: number; problem: string | null },
): Promise<void> {
  const next = sql`now() + make_interval(secs => ${afterMs / 1000})`;
  await tx
    .update(forgePolls)
    .set({
      dueAt: sql`case when ${forgePolls.dueAt} <= now() then ${forgePolls.dueAt} else ${next} end`,
      leasedUntil: null,
      failures: problem === null ? 0 : sql`${forgePolls.failures} + 1`,
      problem,
      lookedAt: sql`now()`,
    })
    .where(eq(forgePolls.projectId, projectId));
}

export async function findPoll(db: Queryable, projectId: string): Promise<typeof forgePolls.$inferSelect | undefined> {
  const [row] = await db.select().from(forgePolls).where(eq(forgePolls.projectId, projectId));
  return row;
}

/** False when this delivery was taken before. */
export async function takeDelivery(tx: Queryable, id: string): Promise<boolean> {
  await tx.delete(webhookDeliveries).where(lt(webhookDeliveries.createdAt, sql`now() - interval '7 days'`));
  const taken = await tx.insert(webhookDeliveries).values({ id }).onConflictDoNothing().returning();
  return taken.length > 0;
}
