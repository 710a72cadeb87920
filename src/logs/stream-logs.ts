/**
 * Replays a task's lines from a cursor, then follows, without a seam: what comes next is taken from the newest lines in memory, or from
 * the table whenever they do not begin with exactly the next one (log-feed.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogFilter, type LogLine, matchesFilter } from '#src/domain/log.ts';
import { createBell } from '#src/logs/bell.ts';
import type { LogFeed, LogFeeds } from '#src/logs/log-feed.ts';
import type { LogReader } from '#src/logs/log-reader.ts';
import { isUnavailable } from '#src/store/database-error.ts';

export type LogStreamOptions = {
  taskId: string;
  filter?: LogFilter;
  /** Awaited before the next call: a slow reader costs a bounded buffer, not memory. */
  send: (lines: readonly LogLine[]) => Promise<void> | void;
  signal: AbortSignal;
};

export type LogStreamSource = { feeds: LogFeeds; reader: Pick<LogReader, 'list'> };

const pageSize = 1_000;
const retryMs = 200;

/** Ends when `signal` aborts. Throws what `send` throws, and `invalid` for a filter that is no regular expression. */
export async function streamLogs(
  source: LogStreamSource,
  { taskId, filter = {}, send, signal }: LogStreamOptions,
): Promise<void> {
  const bell = createBell(signal);
  const feed = source.feeds.open(taskId, bell.ring);
  const reading = { taskId, filter, feed, reader: source.reader };
  let last = filter.after ?? 0;
  try {
    while (!signal.aborted) {
      const step = nextInMemory(reading, last) ?? (await nextInTable(reading, last));
      if (step === 'nothing') await bell.wait();
      else if (step === 'unavailable')
        await sleep(retryMs, undefined, { signal }).catch(() => {}); // aborted
      else {
        last = step.last;
        if (step.lines.length > 0) await send(step.lines);
      }
    }
  } finally {
    feed.close();
  }
}

type Reading = { taskId: string; filter: LogFilter; feed: LogFeed; reader: Pick<LogReader, 'list'> };
/** Lines to send, and the number up to which everything has been seen. */
type Step = { lines: readonly LogLine[]; last: number };

/** A text is looked for by the database alone, so that it means the same everywhere. */
function nextInMemory({ feed, filter }: Reading, last: number): Step | undefined {
  if (filter.q) return undefined;
  const lines = feed.recent(last);
  const end = lines.at(-1)?.seq;
  return end === undefined ? undefined : { lines: lines.filter((line) => matchesFilter(line, filter)), last: end };
}

async function nextInTable(reading: Reading, last: number): Promise<Step | 'nothing' | 'unavailable'> {
  const { feed } = reading;
  try {
    if (feed.isBehind()) await feed.look();
    const head = feed.head();
    if (head === undefined || head <= last) return feed.isBehind() ? { lines: [], last } : 'nothing';
    return await readOn(reading, last, head);
  } catch (e) {
    if (isUnavailable(e)) return 'unavailable';
    throw e;
  }
}

async function readOn({ taskId, filter, feed, reader }: Reading, last: number, head: number): Promise<Step> {
  const { phase, level, source, attempt, q } = filter;
  if (phase || level || source || attempt || q) {
    const window = { after: last, before: head + 1, limit: pageSize, order: 'asc' } as const;
    const { items } = await reader.list(taskId, { ...filter, ...window });
    return { lines: items, last: items.length < pageSize ? head : (items.at(-1)?.seq ?? head) };
  }
  const lines = await feed.read(last);
  // Nothing below the head: retention took the lines meanwhile.
  return { lines, last: lines.at(-1)?.seq ?? Math.min(head, nextPage(last)) };
}

const nextPage = (seq: number) => (Math.floor(seq / pageSize) + 1) * pageSize;
