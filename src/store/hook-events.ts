/** What agents' hooks told. One call of a tool is one row of a point, whether a callback told it, a file, or both. */

import type { HookQuery } from '#src/domain/api/talk-routes.ts';
import type { HookEvent, HookReport, HookSource } from '#src/domain/hook.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, desc, eq, gt, lt, sql } from '#src/store/drizzle.ts';
import { hookEvents } from '#src/store/schema-talk.ts';
import { toIso } from '#src/store/time.ts';

export type HookSession = { taskId: string; adwId: string; phase: string; sessionId: string };
export type NewHookEvent = HookReport & { source: HookSource };

/** Whoever refused is the one that is remembered: of two tellers of one call the refusal stays. */
export async function insertHookEvents(
  db: Queryable,
  session: HookSession,
  news: readonly NewHookEvent[],
): Promise<void> {
  // A statement each: one that told twice within a batch would change the same row twice.
  for (const { tool = null, callId = null, reason = null, input = null, ...told } of news)
    await db
      .insert(hookEvents)
      .values({ ...session, ...told, tool, callId, reason, input })
      .onConflictDoUpdate({
        target: [hookEvents.sessionId, hookEvents.event, hookEvents.callId],
        targetWhere: sql`call_id is not null`,
        set: {
          source: sql`excluded.source`,
          hook: sql`excluded.hook`,
          decision: sql`excluded.decision`,
          reason: sql`excluded.reason`,
        },
        setWhere: sql`excluded.decision in ('deny', 'stop') and ${hookEvents.decision} not in ('deny', 'stop')`,
      });
}

/** Newest first; the cursor is the last row's id. */
export async function listHookEvents(
  db: Queryable,
  taskId: string,
  { decision, limit, cursor }: HookQuery,
): Promise<{ items: HookEvent[]; nextCursor?: string }> {
  const rows = await db
    .select()
    .from(hookEvents)
    .where(
      and(
        eq(hookEvents.taskId, taskId),
        decision && eq(hookEvents.decision, decision),
        cursor ? lt(hookEvents.id, cursor) : undefined,
      ),
    )
    .orderBy(desc(hookEvents.id))
    .limit(limit + 1);
  const items = rows.slice(0, limit).map(toHookEvent);
  const last = items.at(-1);
  return { items, ...(rows.length > limit && last ? { nextCursor: String(last.id) } : {}) };
}

/** Of one run, oldest first, after that id. */
export async function listRunHookEvents(
  db: Queryable,
  { taskId, adwId, after, limit }: { taskId: string; adwId: string; after: number; limit: number },
): Promise<HookEvent[]> {
  const rows = await db
    .select()
    .from(hookEvents)
    .where(and(eq(hookEvents.taskId, taskId), eq(hookEvents.adwId, adwId), gt(hookEvents.id, after)))
    .orderBy(asc(hookEvents.id))
    .limit(limit);
  return rows.map(toHookEvent);
}

const toHookEvent = (row: typeof hookEvents.$inferSelect) => ({ ...row, at: toIso(row.at) }) as HookEvent;

/** Leaves the newest `keep` of a task. */
export async function trimHookEvents(db: Queryable, taskId: string, keep: number): Promise<void> {
  await db.execute(sql`
    delete from ${hookEvents} where task_id = ${taskId} and id <= (
      select id from ${hookEvents} where task_id = ${taskId} order by id desc offset ${keep} limit 1)`);
}
