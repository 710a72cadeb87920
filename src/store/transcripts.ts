/** What agents and commands wrote, in compressed blocks. A session's blocks are numbered; each knows where it begins in its stream. */

import type { RawStream } from '#src/domain/log.ts';
import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';

export type TranscriptBlock = {
  sessionId: string;
  seq: number;
  taskId: string;
  adwId: string | null;
  phase: string | null;
  /** The agent or the command. */
  name: string;
  stream: RawStream;
  /** Where it begins in its stream, and its length, uncompressed. */
  start: number;
  bytes: number;
  /** zstd. */
  data: Buffer;
};

/** Stores a block once; answers how much of the task is kept in all, compressed. */
export async function insertTranscriptBlock(db: Queryable, block: TranscriptBlock): Promise<number> {
  const { rows } = await db.execute<{ raw_bytes: string }>(sql`
    with stored as (
      insert into sentra.transcripts (session_id, seq, task_id, adw_id, phase, name, stream, start, bytes, data)
      values (${block.sessionId}, ${block.seq}, ${block.taskId}, ${block.adwId}, ${block.phase}, ${block.name},
        ${block.stream}, ${block.start}, ${block.bytes}, ${block.data})
      on conflict do nothing returning task_id, length(data) as size
    )
    insert into sentra.log_heads as h (task_id, last_seq, raw_bytes)
    values (${block.taskId}, 0, coalesce((select size from stored), 0))
    on conflict (task_id) do update set raw_bytes = h.raw_bytes + excluded.raw_bytes
    returning raw_bytes`);
  return Number(rows[0]?.raw_bytes ?? 0);
}

export type TranscriptSelection = {
  taskId: string;
  session?: string | undefined;
  phase?: readonly string[] | undefined;
  stream?: RawStream | undefined;
};

/** Sessions of a task in the order in which they began. */
export async function listTranscriptSessions(db: Queryable, selection: TranscriptSelection): Promise<string[]> {
  const { taskId, session, phase } = selection;
  const phases = phase ? sql`and phase = any(${sql.param([...phase])}::text[])` : sql``;
  const one = session ? sql`and session_id = ${session}` : sql``;
  const { rows } = await db.execute<{ session_id: string }>(sql`
    select session_id from (
      select session_id, phase, created_at from sentra.transcripts where task_id = ${taskId}
      union all
      select t.session_id, s.phase, t.created_at from sentra.agent_sessions s join sentra.transcripts t on t.session_id = s.id
      where s.task_id = ${taskId} and t.task_id is null
    ) of_task where true ${phases} ${one} group by session_id order by min(created_at), session_id`);
  return rows.map((row) => row.session_id);
}

/** Compressed, or as an earlier version kept it. `session`: which of those that were asked for, from 1. */
export type TranscriptPart = {
  session: number;
  seq: number;
  start: number;
  bytes: number;
  data: Buffer | null;
  record: string | null;
};

/** Parts of sessions, one session after the other, behind a part. */
export async function listTranscriptParts(
  db: Queryable,
  sessions: readonly string[],
  choice: { stream?: RawStream | undefined; after: Pick<TranscriptPart, 'session' | 'seq'>; limit: number },
): Promise<TranscriptPart[]> {
  const { stream, after, limit } = choice;
  const ofStream = stream ? sql`and t.stream = ${stream}` : sql``;
  type Row = { session: string; seq: number; start: string; bytes: string; data: Buffer; record: string };
  const { rows } = await db.execute<Row>(sql`
    select s.session, t.seq, t.start, t.bytes, t.data, t.record
    from unnest(${sql.param([...sessions])}::text[]) with ordinality as s (id, session)
    join sentra.transcripts t on t.session_id = s.id
    where (s.session, t.seq) > (${after.session}, ${after.seq}) ${ofStream}
    order by s.session, t.seq limit ${limit}`);
  return rows.map((row) => ({
    ...row,
    session: Number(row.session),
    start: Number(row.start),
    bytes: Number(row.bytes),
  }));
}

/** What was too long for a line; undefined when there is none. */
export async function findLogWhole(db: Queryable, taskId: string, seq: number): Promise<Buffer | undefined> {
  const { rows } = await db.execute<{ data: Buffer }>(
    sql`select data from sentra.log_wholes where task_id = ${taskId} and seq = ${seq}`,
  );
  return rows[0]?.data;
}

/** The fields of a line that say where more of it is; undefined when there is no such line. */
export async function findLogMetadata(
  db: Queryable,
  taskId: string,
  seq: number,
): Promise<{ message: string; metadata: Record<string, unknown> } | undefined> {
  const { rows } = await db.execute<{ message: string; metadata: Record<string, unknown> }>(
    sql`select message, metadata from sentra.logs where task_id = ${taskId} and seq = ${seq}`,
  );
  return rows[0];
}
