/** When somebody looks at a project's forge, and how it went. Who leases the row looks alone. */

import type { Queryable } from '#src/store/database.ts';
import { and, eq, inArray, isNotNull, isNull, lt, lte, or, sql } from '#src/store/drizzle.ts';
import { forgePolls, webhookDeliveries } from '#src/store/schema-forge.ts';

/** Renewed during a look; one that died leaves the project to the next after that. */
const leaseSeconds = 12;
export const renewMs = 3_000;
const leaseEnd = sql`now() + make_interval(secs => ${leaseSeconds})`;

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
      or(
        and(lte(forgePolls.dueAt, sql`now()`), isNull(forgePolls.leasedUntil)),
        lt(forgePolls.leasedUntil, sql`now()`), // who looked has died
      ),
    )
    .for('update', { skipLocked: true });
  const rows = await db
    .update(forgePolls)
    .set({ dueAt: sql`now() + interval '1 day'`, leasedUntil: leaseEnd })
    .where(inArray(forgePolls.projectId, due))
    .returning({ id: forgePolls.projectId });
  return rows.map(({ id }) => id);
}

/** The look goes on, unless it has ended at this moment. */
export async function renewPoll(db: Queryable, projectId: string): Promise<void> {
  const isOn = and(eq(forgePolls.projectId, projectId), isNotNull(forgePolls.leasedUntil));
  await db.update(forgePolls).set({ leasedUntil: leaseEnd }).where(isOn);
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
