/** The ledger of what sessions came to: one row for each session and model, in whole micro-dollars. */

import { toUsd } from '#src/domain/money.ts';
import type { Price } from '#src/domain/price.ts';
import { type Booked, noTokens, priceTotal, shareOf } from '#src/domain/spending.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, isNull, sql } from '#src/store/drizzle.ts';
import { settleAttempt } from '#src/store/phases.ts';
import { agentSessions, tasks } from '#src/store/schema.ts';
import { costs } from '#src/store/schema-costs.ts';

export type CostRow = typeof costs.$inferSelect;

/** Whose row it is. */
export type SessionKey = Pick<
  CostRow,
  'sessionId' | 'conversation' | 'projectId' | 'taskId' | 'adwId' | 'phase' | 'attempt' | 'agent'
>;

/**
 * Keeps what a conversation has come to so far: this session's share of it. The same again, or less, changes nothing. `isWhole`: these
 * are all the models that there were, so that what was known under another name meanwhile goes.
 */
export async function bookTotals(
  tx: Queryable,
  session: SessionKey,
  { totals, isWhole }: { totals: readonly Booked[]; isWhole: boolean },
): Promise<void> {
  // Two sessions of one conversation must not both take the same part of its total.
  await tx.execute(sql`select pg_advisory_xact_lock(7006, hashtext(${session.conversation}))`);
  const rows = await tx.select().from(costs).where(eq(costs.conversation, session.conversation));
  const own = rows.filter(({ sessionId }) => sessionId === session.sessionId);
  const earlier = rows.filter(({ sessionId }) => sessionId !== session.sessionId);
  if (isWhole)
    for (const { model } of own.filter(({ model }) => !totals.some((total) => (total.model ?? '') === model)))
      await tx.delete(costs).where(and(eq(costs.sessionId, session.sessionId), eq(costs.model, model)));
  for (const total of totals) {
    const model = total.model ?? '';
    const ofModel = (row: CostRow) => row.model === model;
    const share = shareOf(total, earlier.filter(ofModel).map(toBooked), own.filter(ofModel).map(toBooked)[0]);
    const values = { ...share, model };
    await tx
      .insert(costs)
      .values({ ...session, ...values })
      .onConflictDoUpdate({ target: [costs.sessionId, costs.model], set: values });
  }
  await settleAttempt(tx, session);
}

/** A session told nothing of what it cost: that is kept too, so that no sum looks whole without it. */
export async function bookUnknown(tx: Queryable, session: SessionKey): Promise<void> {
  const known = await tx.$count(costs, eq(costs.sessionId, session.sessionId));
  if (known) return;
  await tx.insert(costs).values({ ...session, ...noTokens, model: '' });
  await settleAttempt(tx, session);
}

/** US dollars; null when nothing was told, or something has no price. */
export async function costOfSession(db: Queryable, sessionId: string): Promise<number | null> {
  const rows = await db.select({ micros: costs.costMicros }).from(costs).where(eq(costs.sessionId, sessionId));
  const known = rows.flatMap(({ micros }) => micros ?? []);
  return rows.length > 0 && known.length === rows.length ? toUsd(known.reduce((sum, one) => sum + one, 0)) : null;
}

const toBooked = ({
  model,
  inputTokens,
  outputTokens,
  cacheReadTokens,
  cacheWriteTokens,
  ...row
}: CostRow): Booked => ({
  model: model || null,
  inputTokens,
  outputTokens,
  cacheReadTokens,
  cacheWriteTokens,
  costMicros: row.costMicros,
  source: row.source as Booked['source'],
});

/** What had no price and has one now is reckoned; what had one stays as it was. Answers how many rows. */
export async function priceUnknown(tx: Queryable, prices: readonly Price[], projectId?: string): Promise<number> {
  const scope = projectId === undefined ? undefined : eq(costs.projectId, projectId);
  const rows = await tx
    .select()
    .from(costs)
    .where(and(isNull(costs.costMicros), sql`${costs.model} <> ''`, scope));
  let priced = 0;
  for (const row of rows) {
    const { costMicros, source } = priceTotal(toBooked(row), prices);
    if (costMicros === null) continue;
    const key = and(eq(costs.sessionId, row.sessionId), eq(costs.model, row.model), isNull(costs.costMicros));
    await tx.update(costs).set({ costMicros, source }).where(key);
    await settleAttempt(tx, row);
    priced += 1;
  }
  return priced;
}

/** Sessions of a run that were cut off: they began, and nobody said how they ended. */
export async function listCutOff(db: Queryable, adwId: string): Promise<SessionKey[]> {
  const rows = await db
    .select({ session: agentSessions, projectId: tasks.projectId })
    .from(agentSessions)
    .innerJoin(tasks, eq(tasks.id, agentSessions.taskId))
    .where(and(eq(agentSessions.adwId, adwId), isNull(agentSessions.endedAt)));
  return rows.map(({ session, projectId }) => ({
    sessionId: session.id,
    conversation: session.agentSessionId ?? session.id,
    projectId,
    taskId: session.taskId,
    adwId: session.adwId,
    phase: session.phase,
    attempt: session.attempt,
    agent: session.agent,
  }));
}
