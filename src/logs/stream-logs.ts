/**
 * Replays a task's lines from a cursor, then follows, without a seam: a line that is exactly the next one is sent as it was
 * told; whenever one is missing, or the reader is too slow, the table says what comes next.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogFilter, type LogLine, matchesFilter } from '#src/domain/log.ts';
import { createBell } from '#src/logs/bell.ts';
import type { LogPipeline } from '#src/logs/pipeline.ts';
import type { Queryable } from '#src/store/database.ts';
import { isUnavailable } from '#src/store/database-error.ts';
import { listLogs } from '#src/store/logs.ts';

export type LogStreamOptions = {
  taskId: string;
  filter?: LogFilter;
  /** Awaited before the next call: a slow reader costs a bounded buffer, not memory. */
  send: (lines: readonly LogLine[]) => Promise<void> | void;
  signal: AbortSignal;
};

const pageSize = 1_000;
const maxBuffered = 5_000;

/** Ends when `signal` aborts. Throws what `send` throws. */
export async function streamLogs(
  source: { db: Queryable; logs: Pick<LogPipeline, 'subscribe'> },
  { taskId, filter = {}, send, signal }: LogStreamOptions,
): Promise<void> {
  const bell = createBell(signal);
  let told: LogLine[] = [];
  let behind = true;
  const unsubscribe = source.logs.subscribe(taskId, (lines) => {
    if (lines.length === 0 || told.length + lines.length > maxBuffered) behind = true;
    else told.push(...lines);
    bell.ring();
  });
  let last = filter.after ?? 0;
  const deliver = async (lines: readonly LogLine[]) => {
    last = lines.at(-1)?.seq ?? last;
    const wanted = lines.filter((line) => matchesFilter(line, filter));
    if (wanted.length) await send(wanted);
  };
  try {
    while (!signal.aborted) {
      if (behind) {
        behind = false; // first: what is told from here on comes after the page, or is in it
        told = [];
        const page = await readPage(source.db, taskId, last);
        if (page === undefined || page.length === pageSize) behind = true;
        await deliver(page ?? []);
        continue;
      }
      const next = told.filter((line) => line.seq > last);
      told = [];
      if (next.length && next.at(-1)?.seq !== last + next.length) behind = true;
      else await deliver(next);
      if (!behind && told.length === 0) await bell.wait();
    }
  } finally {
    unsubscribe();
  }
}

/** Undefined when the database is away: then it is tried again. */
async function readPage(db: Queryable, taskId: string, after: number): Promise<LogLine[] | undefined> {
  try {
    return (await listLogs(db, taskId, { after, limit: pageSize, order: 'asc' })).items;
  } catch (e) {
    if (!isUnavailable(e)) throw e;
    await sleep(200);
    return undefined;
  }
}
