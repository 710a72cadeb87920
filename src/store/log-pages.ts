/** Reading the log lines of one task, a page at a time. */

import type { LogLine, LogQuery } from '#src/domain/log.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, desc, eq, gt, inArray, lt } from '#src/store/drizzle.ts';
import { ofSelection } from '#src/store/log-selection.ts';
import { logs } from '#src/store/schema-logs.ts';
import { toIso } from '#src/store/time.ts';

/** One page, found row by row; `nextAfter` is the cursor for what comes after it. */
export async function listLogs(
  db: Queryable,
  taskId: string,
  query: Omit<LogQuery, 'offset'>,
): Promise<{ items: LogLine[]; nextAfter: number }> {
  const rows = await db
    .select()
    .from(logs)
    .where(
      and(
        ofSelection(taskId, query),
        query.after === undefined ? undefined : gt(logs.seq, query.after),
        query.before === undefined ? undefined : lt(logs.seq, query.before),
      ),
    )
    .orderBy(query.order === 'desc' ? desc(logs.seq) : asc(logs.seq))
    .limit(query.limit);
  const items = rows.map(toLine);
  return { items, nextAfter: Math.max(query.after ?? 0, ...items.map((line) => line.seq)) };
}

/** The lines with these numbers, ascending. */
export async function listLogsBySeq(db: Queryable, taskId: string, seqs: readonly number[]): Promise<LogLine[]> {
  if (seqs.length === 0) return [];
  const rows = await db
    .select()
    .from(logs)
    .where(and(eq(logs.taskId, taskId), inArray(logs.seq, [...seqs])))
    .orderBy(asc(logs.seq));
  return rows.map(toLine);
}

const toLine = (row: typeof logs.$inferSelect): LogLine => ({ ...row, timestamp: toIso(row.timestamp) }) as LogLine;
