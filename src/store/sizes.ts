/** How much the database takes on its disk, in bytes. */

import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';

/** `logs`: lines, transcripts and events, which grow with the work; they are part of `all`. */
export async function databaseSizes(db: Queryable): Promise<{ all: number; logs: number }> {
  const { rows } = await db.execute<{ all: string; logs: string }>(sql`
    select pg_database_size(current_database()) as all, pg_total_relation_size('sentra.logs')
      + pg_total_relation_size('sentra.transcripts') + pg_total_relation_size('sentra.events') as logs`);
  return { all: Number(rows[0]?.all ?? 0), logs: Number(rows[0]?.logs ?? 0) };
}
