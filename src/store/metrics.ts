/** Counts over whole tables, for the figures that are watched from outside. */

import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';
import { agentSessions, runs, tasks } from '#src/store/schema.ts';
import { logHeads } from '#src/store/schema-logs.ts';

export type Counted = { label: string; count: number };

export type AgentFigures = {
  agent: string;
  /** Null: it is at work, or was cut off. */
  outcome: string | null;
  sessions: number;
  costUsd: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
};

export const countTasksByStatus = (db: Queryable): Promise<Counted[]> =>
  db.select({ label: tasks.status, count: counted }).from(tasks).groupBy(tasks.status).orderBy(tasks.status);

export const countRunsByStatus = (db: Queryable): Promise<Counted[]> =>
  db.select({ label: runs.status, count: counted }).from(runs).groupBy(runs.status).orderBy(runs.status);

/** Of all tasks: lines that were ever stored. */
export async function countLines(db: Queryable): Promise<number> {
  const [row] = await db
    .select({ lines: sql<number>`coalesce(sum(${logHeads.lastSeq}), 0)`.mapWith(Number) })
    .from(logHeads);
  return row?.lines ?? 0;
}

export const sumSessions = (db: Queryable): Promise<AgentFigures[]> =>
  db
    .select({
      agent: agentSessions.agent,
      outcome: agentSessions.outcome,
      sessions: counted,
      costUsd: sql<number>`coalesce(sum(${agentSessions.costUsd}), 0)`.mapWith(Number),
      inputTokens: tokens('inputTokens'),
      outputTokens: tokens('outputTokens'),
      cacheReadTokens: tokens('cacheReadTokens'),
      cacheWriteTokens: tokens('cacheWriteTokens'),
    })
    .from(agentSessions)
    .groupBy(agentSessions.agent, agentSessions.outcome)
    .orderBy(agentSessions.agent, agentSessions.outcome);

const counted = sql<number>`count(*)`.mapWith(Number);
const tokens = (name: string) =>
  sql<number>`coalesce(sum((${agentSessions.usage} ->> ${name})::numeric), 0)`.mapWith(Number);
