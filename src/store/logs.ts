/** Log lines. Numbers are dense within a task and become visible in their order. */
import { and, asc, desc, eq, gt, ilike, inArray, lt } from 'drizzle-orm';
import type pg from 'pg';
import type { LogLine, LogQuery } from '#src/domain/log.ts';
import type { Queryable } from '#src/store/database.ts';
import { logs } from '#src/store/schema.ts';
import { storableText } from '#src/store/text.ts';
import { toIso } from '#src/store/time.ts';

/** A line that has no number yet. Its text is storable (store/text.ts). */
export type NewLogLine = Omit<LogLine, 'seq'>;
export type LogBatch = { producer: string; number: number; lines: readonly NewLogLine[] };

/*
 * One statement, so all or nothing. The row of log_producers makes a batch that is sent again after an unclear commit a
 * no-op. The rows of log_heads stay locked to the commit: batches of one task become visible in the order of their numbers,
 * so a reader with `seq > cursor` misses none. They are locked in the order of task ids, so two batches cannot deadlock.
 */
const insertBatch = {
  name: 'insert-log-batch',
  text: `
with batch as (
  insert into sentra.log_producers as p (id, last_batch) values ($1, $2)
  on conflict (id) do update set last_batch = excluded.last_batch where p.last_batch < excluded.last_batch
  returning id
), line as (
  select * from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::timestamptz[])
    with ordinality as l (task_id, adw_id, phase, level, message, metadata, timestamp, position)
  where exists (select from batch)
), head as (
  insert into sentra.log_heads as h (task_id, last_seq)
  select task_id, count(*) from line group by task_id order by task_id
  on conflict (task_id) do update set last_seq = h.last_seq + excluded.last_seq
  returning task_id, last_seq
), stored as (
  insert into sentra.logs (task_id, seq, adw_id, phase, level, message, metadata, timestamp)
  select task_id,
         last_seq - count(*) over (partition by task_id) + row_number() over (partition by task_id order by position),
         adw_id, phase, level, message, metadata, timestamp
  from line join head using (task_id)
)
select task_id, last_seq from head`,
};

/** Stores a batch and answers the last number of each task in it; undefined when this batch was stored before. */
export async function insertLogBatch(pool: pg.Pool, batch: LogBatch): Promise<Map<string, number> | undefined> {
  const column = <T>(pick: (line: NewLogLine) => T) => batch.lines.map(pick);
  const values = [
    batch.producer,
    batch.number,
    column((l) => l.taskId),
    column((l) => l.adwId),
    column((l) => l.phase),
    column((l) => l.level),
    column((l) => l.message),
    column((l) => JSON.stringify(l.metadata)),
    column((l) => l.timestamp),
  ];
  const { rows } = await pool.query<{ task_id: string; last_seq: string }>({ ...insertBatch, values });
  return rows.length ? new Map(rows.map((row) => [row.task_id, Number(row.last_seq)])) : undefined;
}

/** One page; `nextAfter` is the cursor for what comes after it. */
export async function listLogs(
  db: Queryable,
  taskId: string,
  query: LogQuery,
): Promise<{ items: LogLine[]; nextAfter: number }> {
  const rows = await db
    .select()
    .from(logs)
    .where(
      and(
        eq(logs.taskId, taskId),
        query.after === undefined ? undefined : gt(logs.seq, query.after),
        query.before === undefined ? undefined : lt(logs.seq, query.before),
        query.phase && inArray(logs.phase, query.phase),
        query.level && inArray(logs.level, query.level),
        query.q ? ilike(logs.message, `%${storableText(query.q).replace(/[\\%_]/g, '\\$&')}%`) : undefined,
      ),
    )
    .orderBy(query.order === 'desc' ? desc(logs.seq) : asc(logs.seq))
    .limit(query.limit);
  const items = rows.map((row) => ({ ...row, timestamp: toIso(row.timestamp) }) as LogLine);
  return { items, nextAfter: Math.max(query.after ?? 0, ...items.map((line) => line.seq)) };
}
