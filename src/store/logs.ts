/** Storing log lines. Numbers are dense within a task and become visible in their order. */
import type pg from 'pg';
import type { LogLine } from '#src/domain/log.ts';

/** A line that has no number yet. Its text is storable (store/text.ts). */
export type NewLogLine = Omit<LogLine, 'seq'>;

export type StoredLine = NewLogLine & {
  /** What was too long for the line, compressed. */
  whole?: Buffer;
  /** It says that the task's quota is used up. */
  endsQuota?: true;
};
export type LogBatch = { producer: string; number: number; lines: readonly StoredLine[] };

/** Of a task after a batch: the number of its last line, the bytes of all its lines. */
export type LogHead = { lastSeq: number; bytes: number; isFull: boolean };

/*
 * One statement, so all or nothing. The row of log_producers makes a batch that is sent again after an unclear commit a
 * no-op. The rows of log_heads stay locked to the commit: batches of one task become visible in the order of their numbers,
 * so a reader with `seq > cursor` misses none. They are locked in the order of task ids, so two batches cannot deadlock.
 * `behind` counts the lines of the same task that follow in the batch.
 */
const insertBatch = {
  name: 'insert-log-batch',
  text: `
with batch as (
  insert into sentra.log_producers as p (id, last_batch) values ($1, $2)
  on conflict (id) do update set last_batch = excluded.last_batch where p.last_batch < excluded.last_batch
  returning id
), head as (
  insert into sentra.log_heads as h (task_id, last_seq, bytes, is_full)
  select task_id, lines, bytes, is_full
  from unnest($3::text[], $4::bigint[], $5::bigint[], $6::boolean[]) as t (task_id, lines, bytes, is_full)
  where exists (select from batch) order by task_id collate "C"
  on conflict (task_id) do update set
    last_seq = h.last_seq + excluded.last_seq, bytes = h.bytes + excluded.bytes, is_full = h.is_full or excluded.is_full
  returning task_id, last_seq, bytes, is_full
), stored as (
  insert into sentra.logs (task_id, seq, adw_id, phase, level, message, metadata, timestamp)
  select task_id, last_seq - behind, adw_id, phase, level, message, metadata, timestamp
  from unnest($7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[], $14::timestamptz[])
    as l (task_id, behind, adw_id, phase, level, message, metadata, timestamp)
  join head using (task_id)
), wholes as (
  insert into sentra.log_wholes (task_id, seq, data)
  select task_id, last_seq - behind, data
  from unnest($15::text[], $16::bigint[], $17::bytea[]) as w (task_id, behind, data) join head using (task_id)
)
select task_id, last_seq, bytes, is_full from head`,
};

/** Stores a batch and answers the head of each task in it; undefined when this batch was stored before. */
export async function insertLogBatch(pool: pg.Pool, batch: LogBatch): Promise<Map<string, LogHead> | undefined> {
  const { lines } = batch;
  const heads = new Map<string, { lines: number; bytes: number; isFull: boolean }>();
  const behind = new Array<number>(lines.length);
  const metadata = lines.map((line) => JSON.stringify(line.metadata));
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at] as StoredLine;
    const head = heads.get(line.taskId) ?? { lines: 0, bytes: 0, isFull: false };
    if (head.lines === 0) heads.set(line.taskId, head);
    behind[at] = head.lines++;
    head.bytes += bytesOf(line, metadata[at] as string);
    if (line.endsQuota) head.isFull = true;
  }
  const tasks = [...heads.values()];
  const wholes = lines.flatMap((line, at) => (line.whole ? [{ ...line, behind: behind[at] }] : []));
  const values = [
    batch.producer,
    batch.number,
    [...heads.keys()],
    tasks.map((head) => head.lines),
    tasks.map((head) => head.bytes),
    tasks.map((head) => head.isFull),
    lines.map((line) => line.taskId),
    behind,
    lines.map((line) => line.adwId),
    lines.map((line) => line.phase),
    lines.map((line) => line.level),
    lines.map((line) => line.message),
    metadata,
    lines.map((line) => line.timestamp),
    wholes.map((line) => line.taskId),
    wholes.map((line) => line.behind),
    wholes.map((line) => line.whole),
  ];
  type Row = { task_id: string; last_seq: string; bytes: string; is_full: boolean };
  const { rows } = await pool.query<Row>({ ...insertBatch, values });
  if (rows.length === 0) return undefined;
  return new Map(
    rows.map((row) => [row.task_id, { lastSeq: Number(row.last_seq), bytes: Number(row.bytes), isFull: row.is_full }]),
  );
}

/** About what its row takes. */
const rowBytes = 60;
const bytesOf = ({ message, whole }: StoredLine, metadata: string): number =>
  Buffer.byteLength(message) + metadata.length + (whole?.length ?? 0) + rowBytes;
