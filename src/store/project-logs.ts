/** Log lines of all tasks of a project: which blocks may have some, newest first, and the lines of such stretches. */

import type { ProjectLogLine, ProjectLogQuery } from '#src/domain/log.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, arrayContains, desc, eq, gte, lt, type SQL, sql } from '#src/store/drizzle.ts';
import { linesPerBlock } from '#src/store/log-blocks.ts';
import { conditionsOf, isForBlocks, mayHaveText } from '#src/store/log-selection.ts';
import { tasks } from '#src/store/schema.ts';
import { logBlocks, logHeads, logs } from '#src/store/schema-logs.ts';
import { toIso } from '#src/store/time.ts';

/** A place in the order of a project's lines: by time, task and number. Newer ones come first. */
export type LinePlace = { timestamp: string; taskId: string; seq: number };
/** Lines of a task that stand together; `until` is when the newest was written, undefined for a task that may still write. */
export type Stretch = { taskId: string; first: number; last: number; marks?: Buffer; until?: string };
type BlockPlace = { until: string; taskId: string; block: number };

type Wanted = Pick<ProjectLogQuery, 'projectId' | 'since' | 'until' | 'q' | 'regex' | 'case'> & {
  trigrams: readonly number[];
  before: LinePlace | undefined;
};

/**
 * The next blocks in the order of their newest line, at most `limit`; those whose text has no match are left out, so there may be
 * fewer. `next` is where to go on.
 */
export async function listProjectBlocks(
  db: Queryable,
  wanted: Wanted,
  { from, limit }: { from: BlockPlace | undefined; limit: number },
): Promise<{ stretches: Stretch[]; next: BlockPlace | undefined }> {
  const b = logBlocks;
  const { rows } = await db.execute<Found>(sql`
    with candidate as materialized (
      select ${b.taskId}, ${b.block}, ${b.until} from ${b}
      where ${and(
        wanted.trigrams.length > 0 ? arrayContains(b.trigrams, [...wanted.trigrams]) : undefined,
        sql`${b.taskId} in (select ${tasks.id} from ${tasks} where ${tasks.projectId} = ${wanted.projectId})`,
        wanted.since === undefined ? undefined : gte(b.until, wanted.since),
        wanted.until === undefined ? undefined : lt(b.since, wanted.until),
        wanted.before && sql`${b.since} <= ${wanted.before.timestamp}`,
        from && sql`(${b.until}, ${b.taskId}, ${b.block}) < (${from.until}, ${from.taskId}, ${from.block})`,
      )}
      order by ${b.until} desc, ${b.taskId} desc, ${b.block} desc limit ${limit}
    )
    select c.task_id, c.block, c.until::text as until, ${b.lastSeq} as last_seq, ${b.marks} as marks,
      ${mayMatch(wanted)} as may
    from candidate c join ${b} on ${b.taskId} = c.task_id and ${b.block} = c.block
    order by c.until desc, c.task_id desc, c.block desc`);
  const last = rows.at(-1);
  return {
    stretches: rows.filter(({ may }) => may).map(toStretch),
    next: last && rows.length === limit ? { until: last.until, taskId: last.task_id, block: last.block } : undefined,
  };
}

type Found = { task_id: string; block: number; until: string; last_seq: string; marks: Buffer; may: boolean };

const mayMatch = (wanted: Wanted): SQL =>
  wanted.q && isForBlocks(wanted) ? mayHaveText(sql`${logBlocks.text}`, wanted) : sql`true`;

const toStretch = (row: Found): Stretch => ({
  taskId: row.task_id,
  first: row.block * linesPerBlock + 1,
  last: Number(row.last_seq),
  marks: row.marks,
  until: row.until,
});

/** Lines of a project that no block tells of yet. */
export async function listUncoveredOf(db: Queryable, projectId: string): Promise<Stretch[]> {
  const { rows } = await db.execute<{ task_id: string; covered: string; last_seq: string }>(sql`
    select h.task_id, coalesce(b.last_seq, 0) as covered, h.last_seq
    from ${tasks} join ${logHeads} h on h.task_id = ${tasks.id}
    left join lateral (
      select last_seq from ${logBlocks} where task_id = h.task_id order by block desc limit 1
    ) b on true
    where ${tasks.projectId} = ${projectId} and h.last_seq > coalesce(b.last_seq, 0)`);
  return rows.map((row) => ({ taskId: row.task_id, first: Number(row.covered) + 1, last: Number(row.last_seq) }));
}

/** The newest lines of some stretches that a query asks for, before a place. */
export async function listLinesOf(
  db: Queryable,
  stretches: readonly Stretch[],
  { query, before, limit }: { query: ProjectLogQuery; before: LinePlace | undefined; limit: number },
): Promise<ProjectLogLine[]> {
  if (stretches.length === 0) return [];
  const column = <T>(pick: (stretch: Stretch) => T) => sql.param(stretches.map(pick));
  const from = sql`unnest(${column((s) => s.taskId)}::text[], ${column((s) => s.first)}::bigint[], ${column((s) => s.last)}::bigint[])
    as stretch (task_id, first, last)`;
  const rows = await db
    .select({ line: logs, taskTitle: tasks.title })
    .from(from)
    .innerJoin(logs, sql`${logs.taskId} = stretch.task_id and ${logs.seq} between stretch.first and stretch.last`)
    .innerJoin(tasks, eq(tasks.id, logs.taskId))
    .where(
      and(
        ...conditionsOf(query),
        before &&
          sql`(${logs.timestamp}, ${logs.taskId}, ${logs.seq}) < (${before.timestamp}, ${before.taskId}, ${before.seq})`,
      ),
    )
    .orderBy(desc(logs.timestamp), desc(logs.taskId), desc(logs.seq))
    .limit(limit);
  return rows.map(
    ({ line, taskTitle }) => ({ ...line, taskTitle, timestamp: toIso(line.timestamp) }) as ProjectLogLine,
  );
}
