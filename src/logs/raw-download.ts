/** What programs wrote, as it was, out of the blocks of their transcripts; and the whole of a line that was cut. */
import type { Download } from '#src/domain/api/route.ts';
import { type RawQuery, RawRange } from '#src/domain/log.ts';
import { SentraError } from '#src/errors.ts';
import { unpack } from '#src/logs/pack.ts';
import type { Queryable } from '#src/store/database.ts';
import {
  findLogMetadata,
  findLogWhole,
  listTranscriptParts,
  listTranscriptSessions,
  type TranscriptPart,
  type TranscriptSelection,
} from '#src/store/transcripts.ts';

const partsAtOnce = 32;

/** Sessions one after the other; of each its streams as they came, in blocks, or one stream. */
export async function openRaw(db: Queryable, taskId: string, query: RawQuery): Promise<Download> {
  const sessions = await listTranscriptSessions(db, { taskId, ...query });
  if (sessions.length === 0)
    throw new SentraError(
      'not_found',
      `Nothing that programs of ${taskId} wrote is kept for this choice: it has not run so far, it was removed with the task's log, or another session or phase is meant.`,
    );
  const range = { start: query.start ?? 0, end: (query.start ?? 0) + (query.bytes ?? Number.POSITIVE_INFINITY) };
  const body = toStream(read(db, sessions, { ...query, taskId }, range));
  return { name: `${taskId}${query.phase ? `-${query.phase.join('-')}` : ''}.raw`, type: octets, body };
}

/** The whole of a line; of bytes that were no text, those. */
export async function openWhole(db: Queryable, taskId: string, seq: number): Promise<Download> {
  const line = await findLogMetadata(db, taskId, seq);
  if (!line) throw new SentraError('not_found', `${taskId} has no line ${seq}, or it was removed with its log.`);
  const name = `${taskId}-${seq}`;
  const range = RawRange.safeParse(line.metadata.raw);
  if (range.success) return { ...(await openRaw(db, taskId, range.data)), name: `${name}.bin` };
  const whole = await findLogWhole(db, taskId, seq);
  const text = whole ? await unpack(whole) : Buffer.from(line.message);
  return { name: `${name}.txt`, type: 'text/plain', body: toStream(only(text)) };
}

const octets = 'application/octet-stream';

type Bytes = AsyncGenerator<Uint8Array>;

async function* read(
  db: Queryable,
  sessions: readonly string[],
  { stream }: TranscriptSelection,
  range: { start: number; end: number },
): Bytes {
  for (let after = { session: 0, seq: 0 }; ; ) {
    const parts = await listTranscriptParts(db, sessions, { stream, after, limit: partsAtOnce });
    for (const part of parts) yield await cut(part, range);
    const last = parts.at(-1);
    if (!last || parts.length < partsAtOnce) return;
    after = last;
  }
}

async function cut({ start, bytes, data, record }: TranscriptPart, range: { start: number; end: number }) {
  if (data === null) return Buffer.from(`${record}\n`); // as an earlier version kept it
  if (start >= range.end || start + bytes <= range.start) return Buffer.alloc(0);
  return (await unpack(data)).subarray(Math.max(0, range.start - start), range.end - start);
}

async function* only(bytes: Uint8Array): Bytes {
  yield bytes;
}

/** Reads no further than is taken. */
function toStream(bytes: Bytes): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const { done, value } = await bytes.next();
        if (done) return controller.close();
        if (value.length > 0) return controller.enqueue(value);
      }
    },
    async cancel() {
      await bytes.return(undefined);
    },
  });
}
