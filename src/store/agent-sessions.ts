import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Queryable } from '#src/store/database.ts';
import { agentSessions } from '#src/store/schema.ts';

export type SessionRow = typeof agentSessions.$inferSelect;

/** Stored before the agent starts, so that a session that was cut off is known. */
export async function insertSession(
  db: Queryable,
  row: Pick<SessionRow, 'id' | 'taskId' | 'adwId' | 'phase' | 'attempt' | 'agent' | 'systemPrompt' | 'prompt'>,
): Promise<void> {
  await db.insert(agentSessions).values(row);
}

export async function updateSession(
  db: Queryable,
  id: string,
  set: Partial<Pick<SessionRow, 'agentSessionId' | 'model'>>,
): Promise<void> {
  await db.update(agentSessions).set(set).where(eq(agentSessions.id, id));
}

export async function endSession(
  db: Queryable,
  id: string,
  end: Pick<SessionRow, 'outcome' | 'message' | 'costUsd' | 'usage'>,
): Promise<void> {
  await db
    .update(agentSessions)
    .set({ ...end, endedAt: sql`now()` })
    .where(eq(agentSessions.id, id));
}

/** One that a crash cut off: nobody else says how it ended. */
export async function endCutOff(db: Queryable, id: string): Promise<void> {
  await db
    .update(agentSessions)
    .set({ outcome: 'killed', message: 'It was cut off with its worker.', endedAt: sql`now()` })
    .where(and(eq(agentSessions.id, id), isNull(agentSessions.endedAt)));
}

/** How many sessions of a phase this run has begun. */
export async function countSessions(db: Queryable, adwId: string, phase: string): Promise<number> {
  return db.$count(agentSessions, and(eq(agentSessions.adwId, adwId), eq(agentSessions.phase, phase)));
}
