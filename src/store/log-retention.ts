/** Removing the logs of tasks, whole tasks at a time. What is left is how much there was. */

import type { TaskStatus } from '#src/domain/task.ts';
import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';
import { toIso } from '#src/store/time.ts';

/** `lastAt`: of its last line. `bytes` counts what its programs wrote, compressed, too. */
export type KeptLog = { taskId: string; status: TaskStatus; lines: number; bytes: number; lastAt: string };

/** Of a project's tasks, the one that has been silent for longest first. */
export async function listKeptLogs(db: Queryable, projectId: string): Promise<KeptLog[]> {
  type Row = { task_id: string; status: string; lines: string; bytes: string; last_at: string };
  const { rows } = await db.execute<Row>(sql`
    select h.task_id, t.status, h.last_seq - h.removed_lines as lines, h.bytes + h.raw_bytes as bytes, l.timestamp as last_at
    from sentra.tasks t join sentra.log_heads h on h.task_id = t.id
    join sentra.logs l on l.task_id = h.task_id and l.seq = h.last_seq
    where t.project_id = ${projectId} and h.last_seq > h.removed_lines
    order by l.timestamp, h.task_id`);
  return rows.map((row) => ({
    taskId: row.task_id,
    status: row.status as TaskStatus,
    lines: Number(row.lines),
    bytes: Number(row.bytes),
    lastAt: toIso(row.last_at),
  }));
}

/** With what hooks told. Answers what was removed. The numbers of lines go on behind it. */
export async function removeLog(tx: Queryable, taskId: string): Promise<{ lines: number; bytes: number }> {
  const { rows } = await tx.execute<{ lines: string; bytes: string }>(sql`
    with before as (
      select last_seq - removed_lines as lines, bytes + raw_bytes as bytes from sentra.log_heads
      where task_id = ${taskId} for update
    ), head as (
      update sentra.log_heads set removed_lines = last_seq, removed_bytes = removed_bytes + bytes + raw_bytes,
        bytes = 0, raw_bytes = 0, is_full = false, removed_at = now()
      where task_id = ${taskId}
    ), lines as (delete from sentra.logs where task_id = ${taskId}),
    wholes as (delete from sentra.log_wholes where task_id = ${taskId}),
    blocks as (delete from sentra.log_blocks where task_id = ${taskId}),
    hooks as (delete from sentra.hook_events where task_id = ${taskId}),
    raw as (
      delete from sentra.transcripts where task_id = ${taskId}
        or (task_id is null and session_id in (select id from sentra.agent_sessions where task_id = ${taskId}))
    )
    select lines, bytes from before`);
  return { lines: Number(rows[0]?.lines ?? 0), bytes: Number(rows[0]?.bytes ?? 0) };
}
