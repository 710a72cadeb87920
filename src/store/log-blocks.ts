/**
 * Blocks: what is in each stretch of 1,024 lines of a task. Written after the fact (logs/log-index.ts) and never by the hot insert;
 * lines that have no block yet are looked at one by one. A block is a note of what the lines say, so writing it twice changes nothing.
 */

import type { FacetValues } from '#src/domain/log-facets.ts';
import { tally } from '#src/domain/log-marks.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, arrayContains, asc, eq, gte, inArray, sql } from '#src/store/drizzle.ts';
import { lineAttempt, lineSource } from '#src/store/log-selection.ts';
import { logBlocks, logHeads, logs } from '#src/store/schema-logs.ts';
import { toIsoOrNull } from '#src/store/time.ts';

export const linesPerBlock = 1024;

/**
 * `since` and `until` in milliseconds. `marks[n]` belongs to line `block * linesPerBlock + n + 1`; `counts` tells how often each mark
 * occurs.
 */
export type LogBlock = {
  block: number;
  lastSeq: number;
  since: number;
  until: number;
  marks: Buffer;
  counts: Uint32Array;
};
export type NewLogBlock = { block: number; lastSeq: number; since: string; until: string } & {
  marks: Buffer;
  text: string;
  trigrams: number[];
};

/** How far a task's lines reach: what retention removed comes before, all others are there. */
export type LogExtent = { lastSeq: number; removedLines: number; removedAt: string | null };

/** The blocks of a task from number `from` on. */
export async function listLogBlocks(db: Queryable, taskId: string, from: number): Promise<LogBlock[]> {
  const { block, lastSeq, since, until, marks } = logBlocks;
  const rows = await db
    .select({ block, lastSeq, since, until, marks })
    .from(logBlocks)
    .where(and(eq(logBlocks.taskId, taskId), gte(block, from)))
    .orderBy(asc(block));
  return rows.map((row) => ({
    ...row,
    since: Date.parse(row.since),
    until: Date.parse(row.until),
    counts: tally(row.marks),
  }));
}

export async function findLogExtent(db: Queryable, taskId: string): Promise<LogExtent | undefined> {
  const { lastSeq, removedLines, removedAt } = logHeads;
  const [row] = await db.select({ lastSeq, removedLines, removedAt }).from(logHeads).where(eq(logHeads.taskId, taskId));
  return row && { ...row, removedAt: toIsoOrNull(row.removedAt) };
}

/** The last numbers of some tasks' lines. */
export async function listLogHeads(db: Queryable, taskIds: string[]): Promise<Map<string, number>> {
  const { taskId, lastSeq } = logHeads;
  const rows = await db.select({ taskId, lastSeq }).from(logHeads).where(inArray(taskId, taskIds));
  return new Map(rows.map((row) => [row.taskId, row.lastSeq]));
}

/** Numbers of the blocks of a task in which all of these trigrams occur. By their index alone: its first half finds few. */
export async function findBlocksWith(db: Queryable, taskId: string, trigrams: number[]): Promise<Set<number>> {
  const { rows } = await db.execute<{ block: number }>(sql`
    with found as materialized (
      select ${logBlocks.taskId} as task_id, ${logBlocks.block} as block from ${logBlocks}
      where ${arrayContains(logBlocks.trigrams, trigrams)}
    )
    select block from found where task_id = ${taskId}`);
  return new Set(rows.map((row) => row.block));
}

/** A block that reaches further than the one that is kept replaces it. */
export async function keepLogBlock(db: Queryable, taskId: string, block: NewLogBlock): Promise<void> {
  const trigrams = sql`${`{${block.trigrams.join(',')}}`}::int[]`; // element by element it takes three times as long
  await db
    .insert(logBlocks)
    .values({ taskId, ...block, trigrams })
    .onConflictDoUpdate({
      target: [logBlocks.taskId, logBlocks.block],
      set: { ...block, trigrams },
      setWhere: sql`excluded.last_seq > ${logBlocks.lastSeq}`,
    });
}

/** Tasks that have lines which no block tells of; `covered` is the last one that has. */
export async function listUncovered(
  db: Queryable,
): Promise<{ taskId: string; lastSeq: number; removedLines: number; covered: number }[]> {
  const { rows } = await db.execute<{ task_id: string; last_seq: string; removed_lines: string; covered: string }>(sql`
    select h.task_id, h.last_seq, h.removed_lines, greatest(b.last_seq, h.removed_lines) as covered
    from ${logHeads} h
    left join lateral (
      select last_seq from ${logBlocks} where task_id = h.task_id order by block desc limit 1
    ) b on true
    where h.last_seq > greatest(b.last_seq, h.removed_lines)`);
  return rows.map((row) => ({
    taskId: row.task_id,
    lastSeq: Number(row.last_seq),
    removedLines: Number(row.removed_lines),
    covered: Number(row.covered),
  }));
}

export type IndexedLine = FacetValues & { seq: number; message: string; timestamp: string };

/** The lines from number `first` to `last`, as far as they are there. */
export async function listIndexedLines(
  db: Queryable,
  taskId: string,
  { first, last }: { first: number; last: number },
): Promise<IndexedLine[]> {
  const { seq, phase, level, message, timestamp } = logs;
  const rows = await db
    .select({ seq, phase, level, source: lineSource, attempt: lineAttempt, message, timestamp })
    .from(logs)
    .where(and(eq(logs.taskId, taskId), sql`${seq} between ${first} and ${last}`))
    .orderBy(asc(seq));
  return rows as IndexedLine[];
}
