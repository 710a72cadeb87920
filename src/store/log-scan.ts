/** Looking for lines, for a limited time: in the texts of blocks, and row by row where there is none. */

import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { LogSelection } from '#src/domain/log.ts';
import type { FacetValues, LogFacet } from '#src/domain/log-facets.ts';
import { markOf } from '#src/domain/log-marks.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, sql } from '#src/store/drizzle.ts';
import {
  hasTextInBlock,
  type LogText,
  lineAttempt,
  lineSource,
  mayHaveText,
  ofSelection,
} from '#src/store/log-selection.ts';
import * as schema from '#src/store/schema.ts';
import { logBlocks, logs } from '#src/store/schema-logs.ts';

export type Range = { first: number; last: number };

/** The database ends every statement of `work` that takes longer than `ms`, and uses indexes: it does not know what it costs to unpack texts. */
export async function withinTime<T>(pool: pg.Pool, ms: number, work: (db: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isLost = true;
  try {
    await client.query(`begin read only; set local statement_timeout = ${ms}; set local enable_seqscan = off`);
    const result = await work(drizzle(client, { schema })).catch(async (e) => {
      await client.query('rollback').then(() => {
        isLost = false;
      });
      throw e;
    });
    await client.query('commit');
    isLost = false;
    return result;
  } finally {
    client.release(isLost);
  }
}

/** Positions, from 0, of the lines with a text that is for blocks, within each of some blocks; those without any are left out. */
export async function scanBlocks(
  db: Queryable,
  taskId: string,
  blocks: readonly number[],
  text: LogText,
): Promise<Map<number, Uint16Array>> {
  const { rows } = await db.execute<{ block: number; positions: string | null }>(sql`
    select ${logBlocks.block} as block, (
      select string_agg(position::text, ',' order by position)
      from unnest(string_to_array(${logBlocks.text}, E'\n')) with ordinality as line (message, position)
      where ${hasTextInBlock(sql`line.message`, text)}
    ) as positions
    from ${logBlocks}
    where ${logBlocks.taskId} = ${taskId} and ${logBlocks.block} = any(${sql.param(blocks)}::int[]) and ${mayHaveText(sql`${logBlocks.text}`, text)}`);
  return new Map(
    rows.map(({ block, positions }) => [
      block,
      Uint16Array.from(positions?.split(',') ?? [], (position) => Number(position) - 1),
    ]),
  );
}

/** Number and mark of each line of a range that is within the selection's times and has its text. */
export async function scanRows(
  db: Queryable,
  taskId: string,
  { range, selection }: { range: Range; selection: Omit<LogSelection, LogFacet> },
): Promise<{ seq: number; mark: number }[]> {
  const { seq, phase, level } = logs;
  const rows = await db
    .select({ seq, phase, level, source: lineSource, attempt: lineAttempt })
    .from(logs)
    .where(and(ofSelection(taskId, selection), sql`${seq} between ${range.first} and ${range.last}`))
    .orderBy(asc(seq));
  return rows.map(({ seq, ...values }) => ({ seq, mark: markOf(values as FacetValues) }));
}
