import { and, eq, sql } from 'drizzle-orm';
import type { Queryable } from '#src/store/database.ts';
import { agentSessions, transcripts } from '#src/store/schema.ts';

export type SessionRow = typeof agentSessions.$inferSelect;

/** Stored before the agent starts, so that a session that was cut off is known. */
export async function insertSession(
  db: Queryable,
  row: Pick<SessionRow, 'id' | 'taskId' | 'adwId' | 'phase' | 'attempt' | 'agent'>,
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

/** The ordered record of a session, each number once; text that PostgreSQL cannot keep (NUL, lone surrogates) arrives escaped by JSON. */
export async function appendTranscript(db: Queryable, sessionId: string, seq: number, record: unknown): Promise<void> {
  const text = JSON.stringify(record) ?? 'null';
  const row = { sessionId, seq, record: text.toWellFormed() };
  await db.insert(transcripts).values(row).onConflictDoNothing();
}

/** How many sessions of a phase this run has begun. */
export async function countSessions(db: Queryable, adwId: string, phase: string): Promise<number> {
  return db.$count(agentSessions, and(eq(agentSessions.adwId, adwId), eq(agentSessions.phase, phase)));
}
