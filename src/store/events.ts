/** Numbered events: without gaps, in the order in which they became visible. */

import type { Event, EventType } from '#src/domain/event.ts';
import type { Queryable, Transaction } from '#src/store/database.ts';
import { asc, gt, sql } from '#src/store/drizzle.ts';
import { eventHead, events } from '#src/store/schema.ts';
import { toIso } from '#src/store/time.ts';

export type NewEvent = {
  type: EventType;
  projectId: string | null;
  taskId: string | null;
  data: Record<string, unknown>;
};

/**
 * The last statement of a transaction: it locks the one row of `event_head` until the commit, so that numbers
 * become visible in their order and a reader with `id > cursor` misses none.
 */
export async function recordEvents(tx: Transaction, news: readonly NewEvent[]): Promise<void> {
  if (news.length === 0) return;
  // The wall clock: now() is the start of the transaction and could go back from one number to the next.
  await tx.execute(sql`
    with head as (
      insert into ${eventHead} (last_id) values (${news.length}) on conflict (one)
      do update set last_id = ${eventHead.lastId} + excluded.last_id returning last_id - ${news.length} as before
    )
    insert into ${events} (id, type, project_id, task_id, data, "timestamp")
    select head.before + n, type, project_id, task_id, data::jsonb, clock_timestamp()
    from head, unnest(${textsOf(news, (e) => e.type)}, ${textsOf(news, (e) => e.projectId)}, ${textsOf(news, (e) => e.taskId)},
      ${textsOf(news, (e) => JSON.stringify(e.data))}) with ordinality as new (type, project_id, task_id, data, n)`);
}

const textsOf = (news: readonly NewEvent[], pick: (event: NewEvent) => string | null) =>
  sql`${sql.param(news.map(pick))}::text[]`;

export async function listEvents(db: Queryable, after: number, limit: number): Promise<Event[]> {
  const rows = await db.select().from(events).where(gt(events.id, after)).orderBy(asc(events.id)).limit(limit);
  return rows.map((row) => ({ ...row, type: row.type as EventType, timestamp: toIso(row.timestamp) }));
}

/** The number of the last event; 0 before the first. */
export async function lastEventId(db: Queryable): Promise<number> {
  const [head] = await db.select().from(eventHead);
  return head?.lastId ?? 0;
}
