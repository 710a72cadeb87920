/** Removing the logs of tasks and analyses, a whole one's at a time. What is left is how much there was. */

import { type AnalysisStatus, isAnalysisOver } from '#src/domain/analysis.ts';
import { isOver } from '#src/domain/status.ts';
import type { TaskStatus } from '#src/domain/task.ts';
import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';
import { toIso } from '#src/store/time.ts';

/** `lastAt`: of its last line. `bytes` counts what its programs wrote, compressed, too. `isOver`: no agent will say more. */
export type KeptLog = {
  id: string;
  of: 'task' | 'analysis';
  status: string;
  isOver: boolean;
  lines: number;
  bytes: number;
  lastAt: string;
};

/** Of a project, the one that has been silent for longest first. */
export async function listKeptLogs(db: Queryable, projectId: string): Promise<KeptLog[]> {
  type Row = { id: string; of: KeptLog['of']; status: string; lines: string; bytes: string; last_at: string };
  const { rows } = await db.execute<Row>(sql`
    select o.id, o.of, o.status, h.last_seq - h.removed_lines as lines, h.bytes + h.raw_bytes as bytes, l.timestamp as last_at
    from (
      select id, 'task' as of, status from sentra.tasks where project_id = ${projectId}
      union all select id, 'analysis', status from sentra.analyses where project_id = ${projectId}
    ) o join sentra.log_heads h on h.task_id = o.id
    join sentra.logs l on l.task_id = h.task_id and l.seq = h.last_seq
    where h.last_seq > h.removed_lines
    order by l.timestamp, h.task_id`);
  return rows.map(({ id, of, status, lines, bytes, last_at }) => ({
    id,
    of,
    status,
    isOver: of === 'task' ? isOver(status as TaskStatus) : isAnalysisOver(status as AnalysisStatus),
    lines: Number(lines),
    bytes: Number(bytes),
    lastAt: toIso(last_at),
  }));
}

/** With what hooks told. Answers what was removed. The numbers of lines go on behind it. */
export async function removeLog(tx: Queryable, id: string): Promise<{ lines: number; bytes: number }> {
  const { rows } = await tx.execute<{ lines: string; bytes: string }>(sql`
    with before as (
      select last_seq - removed_lines as lines, bytes + raw_bytes as bytes from sentra.log_heads
      where task_id = ${id} for update
    ), head as (
      update sentra.log_heads set removed_lines = last_seq, removed_bytes = removed_bytes + bytes + raw_bytes,
        bytes = 0, raw_bytes = 0, is_full = false, removed_at = now()
      where task_id = ${id}
    ), lines as (delete from sentra.logs where task_id = ${id}),
    wholes as (delete from sentra.log_wholes where task_id = ${id}),
    blocks as (delete from sentra.log_blocks where task_id = ${id}),
    hooks as (delete from sentra.hook_events where task_id = ${id}),
    raw as (
      delete from sentra.transcripts where task_id = ${id}
        or (task_id is null and session_id in (select id from sentra.agent_sessions where task_id = ${id}))
    )
    select lines, bytes from before`);
  return { lines: Number(rows[0]?.lines ?? 0), bytes: Number(rows[0]?.bytes ?? 0) };
}
