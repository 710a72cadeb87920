/** Circuit breakers: a row as long as the newest run of an agent in a project failed. Times by the database's clock. */

import { afterRun, type Breaker, type BreakerFacts, stateOf } from '#src/domain/breaker.ts';
import type { Queryable, Transaction } from '#src/store/database.ts';
import { and, eq, isNotNull, sql } from '#src/store/drizzle.ts';
import { breakers } from '#src/store/schema.ts';
import { toIso } from '#src/store/time.ts';

type Row = typeof breakers.$inferSelect;
export type BreakerKey = { projectId: string; agent: string };
export type RunFailure = { kind: string; message: string };

const clock = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::float8`;

/**
 * What the end of a run makes of its breaker; true when that opened or closed it. The lock keeps two ends apart, also before there
 * is a row.
 */
export async function noteRunEnd(tx: Transaction, key: BreakerKey, failure: RunFailure | null): Promise<boolean> {
  await tx.execute(sql`select pg_advisory_xact_lock(7005, hashtext(${JSON.stringify(key)}))`);
  const [found] = await tx.select({ row: breakers, now: clock }).from(breakers).where(matches(key));
  if (!found && !failure) return false;
  const now = found?.now ?? (await readClock(tx));
  const before = found ? toFacts(found.row) : null;
  const next = afterRun(before, failure, now);
  if (next === before) return false;
  if (next && failure) await keep(tx, key, next, failure.message);
  else await tx.delete(breakers).where(matches(key));
  return (before?.openUntil ?? null) !== (next?.openUntil ?? null);
}

/** Those that are open or let one run try. */
export async function listBreakers(db: Queryable): Promise<Breaker[]> {
  const rows = await db
    .select({ row: breakers, now: clock })
    .from(breakers)
    .where(isNotNull(breakers.openUntil))
    .orderBy(breakers.projectId, breakers.agent);
  return rows.flatMap(({ row, now }) => {
    const state = stateOf(toFacts(row), now);
    if (state === 'closed' || row.openUntil === null) return [];
    const { projectId, agent, kind, failures, message } = row;
    return [{ projectId, agent, state, kind, failures, message, until: toIso(row.openUntil) }];
  });
}

/** A person mended what was wrong. Answers false when it was not open. */
export async function closeBreaker(tx: Queryable, key: BreakerKey): Promise<boolean> {
  return (await tx.delete(breakers).where(matches(key)).returning({ agent: breakers.agent })).length === 1;
}

async function keep(tx: Queryable, key: BreakerKey, { openUntil, ...facts }: BreakerFacts, message: string) {
  const at = openUntil === null ? null : new Date(openUntil).toISOString();
  const values = { ...facts, openUntil: at, message };
  await tx
    .insert(breakers)
    .values({ ...key, ...values })
    .onConflictDoUpdate({ target: [breakers.projectId, breakers.agent], set: values });
}

async function readClock(tx: Queryable): Promise<number> {
  const { rows } = await tx.execute<{ now: number }>(sql`select ${clock} as now`);
  return rows[0]?.now ?? Date.now();
}

const toFacts = ({ kind, failures, trips, openUntil }: Row): BreakerFacts => ({
  kind,
  failures,
  trips,
  openUntil: openUntil === null ? null : Date.parse(openUntil),
});

const matches = (key: BreakerKey) => and(eq(breakers.projectId, key.projectId), eq(breakers.agent, key.agent));
