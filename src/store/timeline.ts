/** What a timeline is made of, read by task and run. Lines are read by their kind: what programs print is none of it. */

import type { EventType } from '#src/domain/event.ts';
import type { LogLine } from '#src/domain/log.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import type { Mark, SessionFacts, TimelineFacts } from '#src/domain/timeline-facts.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, desc, eq, gt, inArray, isNull, or, sql } from '#src/store/drizzle.ts';
import { agentSessions, events } from '#src/store/schema.ts';
import { logs } from '#src/store/schema-logs.ts';
import { toIso, toIsoOrNull } from '#src/store/time.ts';

/** ISO 8601. */
export async function readClock(db: Queryable): Promise<string> {
  const { rows } = await db.execute<{ now: string }>(sql`select now()::text as now`);
  return toIso(rows[0]?.now ?? '');
}

const eventTypes: EventType[] = ['task.changed', 'run.changed', 'run.taken'];

/** Of a task, in their order. */
export async function listTimelineEvents(db: Queryable, taskId: string): Promise<TimelineFacts['events'][number][]> {
  const rows = await db
    .select({ type: events.type, data: events.data, timestamp: events.timestamp })
    .from(events)
    .where(and(eq(events.taskId, taskId), inArray(events.type, eventTypes)))
    .orderBy(asc(events.id));
  return rows.map((row) => ({ ...row, type: row.type as EventType, timestamp: toIso(row.timestamp) }));
}

/** Of a run, in the order in which they began. */
export async function listSessions(db: Queryable, taskId: string, adwId: string): Promise<SessionFacts[]> {
  const rows = await db
    .select(sessionColumns)
    .from(agentSessions)
    .where(and(eq(agentSessions.taskId, taskId), eq(agentSessions.adwId, adwId)))
    .orderBy(asc(agentSessions.startedAt), asc(agentSessions.id));
  return rows.map((row) => ({
    ...row,
    phase: row.phase as PhaseName,
    startedAt: toIso(row.startedAt),
    endedAt: toIsoOrNull(row.endedAt),
  }));
}

/** What a session was told. */
export async function findPrompts(
  db: Queryable,
  sessionId: string,
): Promise<{ systemPrompt: string | null; prompt: string | null } | undefined> {
  const { systemPrompt, prompt, id } = agentSessions;
  const [row] = await db.select({ systemPrompt, prompt }).from(agentSessions).where(eq(id, sessionId));
  return row;
}

const sessionColumns = {
  id: agentSessions.id,
  phase: agentSessions.phase,
  attempt: agentSessions.attempt,
  agent: agentSessions.agent,
  agentSessionId: agentSessions.agentSessionId,
  model: agentSessions.model,
  outcome: agentSessions.outcome,
  message: agentSessions.message,
  costUsd: agentSessions.costUsd,
  usage: agentSessions.usage,
  startedAt: agentSessions.startedAt,
  endedAt: agentSessions.endedAt,
};

const kindOf = sql`${logs.metadata} ->> 'kind'`;
const ofRun = (taskId: string, adwId: string) => and(eq(logs.taskId, taskId), eq(logs.adwId, adwId));

/** The first `limit` lines of a run that tell of steps, agents and tools, their text cut to one of a label's length. */
export async function listMarks(db: Queryable, taskId: string, adwId: string, limit: number): Promise<Mark[]> {
  const rows = await db
    .select({
      seq: logs.seq,
      phase: logs.phase,
      level: logs.level,
      message: sql<string>`left(${logs.message}, 300)`,
      metadata: logs.metadata,
      timestamp: logs.timestamp,
    })
    .from(logs)
    .where(and(ofRun(taskId, adwId), sql`${kindOf} in ('step', 'agent', 'tool_call', 'tool_result')`))
    .orderBy(asc(logs.seq))
    .limit(limit);
  return rows.map((row) => ({ ...row, timestamp: toIso(row.timestamp) }) as Mark);
}

/** All that happened in a run but what programs printed, by pages. */
export async function listMoments(
  db: Queryable,
  { taskId, adwId, after, limit }: { taskId: string; adwId: string; after: number; limit: number },
): Promise<LogLine[]> {
  const rows = await db
    .select()
    .from(logs)
    .where(and(ofRun(taskId, adwId), gt(logs.seq, after), sql`coalesce(${kindOf}, '') <> 'output'`))
    .orderBy(asc(logs.seq))
    .limit(limit);
  return rows.map((row) => ({ ...row, timestamp: toIso(row.timestamp) }) as LogLine);
}

/** Every line of a run, by pages, with those of the task that belong to no run. */
export async function listRunLines(
  db: Queryable,
  { taskId, adwId, after, limit }: { taskId: string; adwId: string; after: number; limit: number },
): Promise<LogLine[]> {
  const rows = await db
    .select()
    .from(logs)
    .where(and(eq(logs.taskId, taskId), or(eq(logs.adwId, adwId), isNull(logs.adwId)), gt(logs.seq, after)))
    .orderBy(asc(logs.seq))
    .limit(limit);
  return rows.map((row) => ({ ...row, timestamp: toIso(row.timestamp) }) as LogLine);
}

/** ISO 8601; null before the first line. */
export async function findLastLineTime(db: Queryable, taskId: string): Promise<string | null> {
  const [row] = await db
    .select({ timestamp: logs.timestamp })
    .from(logs)
    .where(eq(logs.taskId, taskId))
    .orderBy(desc(logs.seq))
    .limit(1);
  return toIsoOrNull(row?.timestamp ?? null);
}
