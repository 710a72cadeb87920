import type { AgentSession, ToldSession } from '#src/domain/agent-session.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, desc, eq, getTableColumns, isNull, sql } from '#src/store/drizzle.ts';
import { agentSessions, runs } from '#src/store/schema.ts';
import { toIso, toIsoOrNull } from '#src/store/time.ts';

export type SessionRow = typeof agentSessions.$inferSelect;

/** Stored before the agent starts, so that a session that was cut off is known. */
export async function insertSession(
  db: Queryable,
  row: Pick<
    SessionRow,
    'id' | 'taskId' | 'adwId' | 'phase' | 'attempt' | 'agent' | 'systemPrompt' | 'prompt' | 'promptVersion'
  >,
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

/** What the agent itself calls the conversation of a session; null where it never said. */
export async function findAgentSessionId(db: Queryable, id: string): Promise<string | null> {
  const [row] = await db
    .select({ agentSessionId: agentSessions.agentSessionId })
    .from(agentSessions)
    .where(eq(agentSessions.id, id));
  return row?.agentSessionId ?? null;
}

/** One that a crash cut off: nobody else says how it ended. */
export async function endCutOff(db: Queryable, id: string): Promise<void> {
  await db
    .update(agentSessions)
    .set({ outcome: 'killed', message: 'It was cut off with its worker.', endedAt: sql`now()` })
    .where(and(eq(agentSessions.id, id), isNull(agentSessions.endedAt)));
}

/** How many sessions of a phase, or of one attempt of it, a run has begun. */
export async function countSessions(
  db: Queryable,
  { adwId, phase, attempt }: { adwId: string; phase: string; attempt?: number },
): Promise<number> {
  const ofAttempt = attempt === undefined ? undefined : eq(agentSessions.attempt, attempt);
  return db.$count(agentSessions, and(eq(agentSessions.adwId, adwId), eq(agentSessions.phase, phase), ofAttempt));
}

/** Whether an agent is at work on a task, as far as the rows tell. */
export async function isSessionOpen(db: Queryable, taskId: string): Promise<boolean> {
  const running = sql`exists (select from ${runs} r where r.adw_id = ${agentSessions.adwId} and r.status = 'running')`;
  return (
    (await db.$count(agentSessions, and(eq(agentSessions.taskId, taskId), isNull(agentSessions.endedAt), running))) > 0
  );
}

const { systemPrompt: _system, prompt: _prompt, ...short } = getTableColumns(agentSessions);

/** Newest first. */
export async function listSessions(db: Queryable, taskId: string): Promise<AgentSession[]> {
  const rows = await db
    .select(short)
    .from(agentSessions)
    .where(eq(agentSessions.taskId, taskId))
    .orderBy(desc(agentSessions.startedAt), desc(agentSessions.id));
  return rows.map(toSession);
}

/** Throws `not_found`. */
export async function getSession(db: Queryable, taskId: string, id: string): Promise<ToldSession> {
  const [row] = await db
    .select()
    .from(agentSessions)
    .where(and(eq(agentSessions.id, id), eq(agentSessions.taskId, taskId)));
  if (!row) throw new SentraError('not_found', `${taskId} has no session ${id}.`);
  return { ...toSession(row), systemPrompt: row.systemPrompt, prompt: row.prompt };
}

const toSession = (row: Omit<SessionRow, 'systemPrompt' | 'prompt'>): AgentSession => ({
  id: row.id,
  adwId: row.adwId,
  phase: row.phase,
  attempt: row.attempt,
  agent: row.agent,
  model: row.model,
  outcome: row.outcome,
  message: row.message,
  promptVersion: row.promptVersion,
  costUsd: row.costUsd,
  startedAt: toIso(row.startedAt),
  endedAt: toIsoOrNull(row.endedAt),
});
