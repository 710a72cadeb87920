/** Storing log lines. Numbers are dense within a task and become visible in their order. */
import type pg from 'pg';
import type { LogLine } from '#src/domain/log.ts';
import { CopyRows, copyIn } from '#src/store/copy.ts';
import type { Database } from '#src/store/database.ts';

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
 * The row of log_producers makes a batch that is sent again after an unclear commit a no-op. The rows of log_heads stay locked
 * to the commit: batches of one task become visible in the order of their numbers, so a reader with `seq > cursor` misses none.
 * They are locked in the order of task ids, so two batches cannot deadlock.
 */
const numbered = `
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
)`;
const fromHead = 'select task_id, last_seq, bytes, is_full from head';

const numberBatch = { name: 'number-log-batch', text: `${numbered} ${fromHead}` };

/** All in one statement. `behind` counts the lines of the same task that follow in the batch. */
const insertBatch = {
  name: 'insert-log-batch',
  text: `${numbered}, stored as (
  insert into sentra.logs (task_id, seq, adw_id, phase, level, message, metadata, timestamp)
  select task_id, last_seq - behind, adw_id, phase, level, message, metadata, timestamp
  from unnest($7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[], $14::timestamptz[])
    as l (task_id, behind, adw_id, phase, level, message, metadata, timestamp)
  join head using (task_id)
), wholes as (
  insert into sentra.log_wholes (task_id, seq, data)
  select task_id, last_seq - behind, data
  from unnest($15::text[], $16::bigint[], $17::bytea[]) as w (task_id, behind, data) join head using (task_id)
) ${fromHead}`,
};

const copyLines =
  'copy sentra.logs (task_id, seq, adw_id, phase, level, message, metadata, timestamp) from stdin (format binary)';
const insertWholes = `
insert into sentra.log_wholes (task_id, seq, data) select * from unnest($1::text[], $2::bigint[], $3::bytea[])`;

/** So many lines go by COPY: it takes half of the work, and three more ways to the server and back. */
const leastForCopy = 200;

type Row = { task_id: string; last_seq: string; bytes: string; is_full: boolean };
type Grouped = { json: readonly string[]; groups: ReadonlyMap<string, Group>; numbers: unknown[] };
type Group = { lines: number[]; bytes: number; isFull: boolean };

/** Stores a batch, all or nothing, and answers the head of each task in it; undefined when this batch was stored before. */
export async function insertLogBatch(
  database: Pick<Database, 'pool' | 'transaction'>,
  batch: LogBatch,
): Promise<Map<string, LogHead> | undefined> {
  const grouped = group(batch);
  const rows =
    batch.lines.length < leastForCopy
      ? await insert(database.pool, batch.lines, grouped)
      : await database.transaction((_, client) => copy(client, batch.lines, grouped));
  if (rows.length === 0) return undefined;
  return new Map(
    rows.map((row) => [row.task_id, { lastSeq: Number(row.last_seq), bytes: Number(row.bytes), isFull: row.is_full }]),
  );
}

/** The lines of each task by their places in the batch. */
function group({ producer, number, lines }: LogBatch): Grouped {
  const groups = new Map<string, Group>();
  const jsonOf = new Map<object, string>(); // many lines share theirs
  const json = lines.map(({ metadata }) => {
    const known = jsonOf.get(metadata) ?? JSON.stringify(metadata);
    jsonOf.set(metadata, known);
    return known;
  });
  for (const [at, line] of lines.entries()) {
    const own = groups.get(line.taskId) ?? { lines: [], bytes: 0, isFull: false };
    if (own.lines.push(at) === 1) groups.set(line.taskId, own);
    own.bytes += bytesOf(line, json[at] as string);
    if (line.endsQuota) own.isFull = true;
  }
  const all = [...groups.values()];
  const numbers = [
    ...[producer, number, [...groups.keys()], all.map((own) => own.lines.length)],
    ...[all.map((own) => own.bytes), all.map((own) => own.isFull)],
  ];
  return { json, groups, numbers };
}

async function insert(pool: pg.Pool, lines: readonly StoredLine[], { json, groups, numbers }: Grouped): Promise<Row[]> {
  const behind = new Array<number>(lines.length);
  for (const own of groups.values())
    for (const [at, line] of own.lines.entries()) behind[line] = own.lines.length - 1 - at;
  const wholes = lines.flatMap((line, at) => (line.whole ? [{ ...line, behind: behind[at] }] : []));
  const values = [
    ...numbers,
    lines.map((line) => line.taskId),
    behind,
    lines.map((line) => line.adwId),
    lines.map((line) => line.phase),
    lines.map((line) => line.level),
    lines.map((line) => line.message),
    json,
    lines.map((line) => line.timestamp),
    wholes.map((line) => line.taskId),
    wholes.map((line) => line.behind),
    wholes.map((line) => line.whole),
  ];
  return (await pool.query<Row>({ ...insertBatch, values })).rows;
}

async function copy(
  client: pg.ClientBase,
  lines: readonly StoredLine[],
  { json, groups, numbers }: Grouped,
): Promise<Row[]> {
  const { rows } = await client.query<Row>({ ...numberBatch, values: numbers });
  const data = new CopyRows();
  const wholes = { tasks: [] as string[], seqs: [] as number[], data: [] as Buffer[] };
  for (const { task_id: taskId, last_seq } of rows) {
    const places = groups.get(taskId)?.lines ?? [];
    let seq = Number(last_seq) - places.length;
    for (const at of places) {
      const line = lines[at] as StoredLine;
      addRow(data, line, ++seq, json[at] as string);
      if (!line.whole) continue;
      wholes.tasks.push(taskId);
      wholes.seqs.push(seq);
      wholes.data.push(line.whole);
    }
  }
  if (rows.length > 0) await copyIn(client, copyLines, data.done());
  if (wholes.tasks.length > 0) await client.query(insertWholes, [wholes.tasks, wholes.seqs, wholes.data]);
  return rows;
}

function addRow(data: CopyRows, line: StoredLine, seq: number, json: string): void {
  data.row(8);
  data.text(line.taskId);
  data.bigint(seq);
  data.text(line.adwId);
  data.text(line.phase);
  data.text(line.level);
  data.text(line.message);
  data.jsonb(json);
  data.timestamp(line.timestamp);
}

/** About what its row takes. */
const rowBytes = 60;
const bytesOf = ({ message, whole }: StoredLine, metadata: string): number =>
  Buffer.byteLength(message) + metadata.length + (whole?.length ?? 0) + rowBytes;
